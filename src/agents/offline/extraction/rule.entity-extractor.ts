import { wordCount } from '#platform/text';
import type { WorkMeter } from '#tools';
import { EntityExtractor, type AskedRequest, type ExtractRequest } from '../../steps/entity-extractor.js';
import { judging, propertiesOf, type SchemaProperty } from '../../catalog/tool-inputs.js';
import { anew } from './another.js';
import { type Finding, findingsFor, type RuleOptions } from './entity-rules.js';
import { overlap } from './dates.js';
import { furtherArguments } from './several-values.js';

const LOOK_BACK = 6;

interface Reading {
  readonly request: ExtractRequest;
  readonly properties: readonly SchemaProperty[];
  readonly meter: WorkMeter;
}

/** Extraction by rules from the tool's JSON Schema; what the message does not say may stand in the user's earlier ones. */
export class RuleEntityExtractor extends EntityExtractor {
  /** @param isAside true of a message that gives no value, whatever was asked for: "never mind", "yes", "a person please" */
  constructor(
    private readonly today: () => Date = () => new Date(),
    private readonly isAside: (message: string) => boolean = () => false,
  ) {
    super();
  }

  override extract(request: ExtractRequest): Promise<Record<string, unknown>> {
    return Promise.resolve(this.extractNow(request));
  }

  extractNow(request: ExtractRequest): Record<string, unknown> {
    const properties = propertiesOf(request.tool);
    const values: Record<string, unknown> = { ...request.known };
    const used: Finding[] = [];
    const reading = { request, properties, meter: judging() };
    for (const property of properties) {
      const found = this.findings(property, request.text, reading).find(
        (finding) => !used.some((other) => isSame(finding, other)),
      );
      if (found === undefined) continue;
      // What may be read in two ways is asked for, once; the answer to that is taken as the language reads it.
      if (found.unsure === true && !request.asked.includes(property.name)) continue;
      if (!found.strong && found.likely !== true && !property.required) continue;
      // What was said before is better than a guess.
      if (property.name in request.known && !found.strong && found.likely !== true) continue;
      values[property.name] = found.value;
      used.push(found);
    }
    this.fromHistory(reading, values);
    return values;
  }

  /** Every required value has exactly one strong candidate in the message and nothing optional is left: no model needed. */
  certain(request: ExtractRequest): Record<string, unknown> | null {
    const properties = propertiesOf(request.tool);
    if (properties.some((property) => !property.required && !(property.name in request.known))) return null;
    const values: Record<string, unknown> = { ...request.known };
    const reading = { request, properties, meter: judging() };
    for (const property of properties) {
      const strong = this.findings(property, request.text, reading).filter((finding) => finding.strong);
      // Known, unless the message says it anew.
      if (property.name in request.known && strong.every(({ value }) => value === request.known[property.name]))
        continue;
      if (strong.length !== 1) return null;
      values[property.name] = strong[0]?.value;
    }
    return values;
  }

  override gives(request: AskedRequest): boolean {
    const { asked, text, tool } = request;
    const wanted = propertiesOf(tool).filter(({ name }) => asked.includes(name));
    const short = wordCount(text) <= 6 && !text.includes('?');
    const options = {
      ...this.options(request, judging()),
      asked: short,
      alone: short && wanted.length === 1 && !this.isAside(text),
    };
    return wanted.some((property) => findingsFor(property, text, options).some(({ strong }) => strong));
  }

  override another({ language, text, timeZone, tool }: Omit<AskedRequest, 'asked'>): ReadonlySet<string> {
    return anew(tool, text, this.options({ language, timeZone }, judging()));
  }

  override further(request: ExtractRequest, first: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
    const { question = request.text, text, tool } = request;
    const options = this.options(request, judging());
    const said = furtherArguments(tool, first, text, options);
    // "Where are 1042 and 1043, and what do they cost?"
    return said.length > 0 || question === text ? said : furtherArguments(tool, first, question, options);
  }

  private findings(property: SchemaProperty, text: string, { meter, properties, request }: Reading): Finding[] {
    const asked = request.asked.includes(property.name) && text === request.text;
    return findingsFor(property, text, {
      ...this.options(request, meter),
      asked,
      alone: asked && (request.asked.length === 1 || properties.length === 1) && !this.isAside(text),
    });
  }

  private options({ language, timeZone }: Pick<AskedRequest, 'language' | 'timeZone'>, meter: WorkMeter): RuleOptions {
    return { today: this.today(), language, timeZone, asked: false, alone: false, meter };
  }

  /** Only what the user said, newest first; only values whose form leaves no doubt, of what the message leaves out. */
  private fromHistory(reading: Reading, values: Record<string, unknown>): void {
    const { meter, properties, request } = reading;
    const wanted = properties.filter(({ name, required }) => required && !(name in values));
    if (wanted.length === 0) return;
    const earlier = request.history
      .filter(({ role }) => role === 'user')
      .slice(-LOOK_BACK)
      .map(({ content }) => content)
      .reverse();
    if (request.question !== undefined && request.question !== request.text) earlier.unshift(request.question);
    const said = anew(request.tool, request.text, this.options(request, meter));
    for (const property of wanted) {
      if (said.has(property.name)) continue;
      for (const message of earlier) {
        const strong = this.findings(property, message, reading).find((finding) => finding.strong);
        if (strong === undefined) continue;
        values[property.name] = strong.value;
        break;
      }
    }
  }
}

/** The same words of the message, or a value that could be anywhere in it. */
function isSame(a: Finding, b: Finding): boolean {
  return a.span !== undefined && b.span !== undefined ? overlap(a.span, b.span) : a.value === b.value;
}
