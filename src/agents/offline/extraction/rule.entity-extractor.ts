import { wordCount } from '#platform/text';
import type { WorkMeter } from '#tools';
import { meansAnother } from '../routing/requests.js';
import { EntityExtractor, type ExtractRequest } from '../../steps/entity-extractor.js';
import { type Finding, findingsFor } from './entity-rules.js';
import { judging, propertiesOf, type SchemaProperty } from '../../catalog/tool-inputs.js';

const LOOK_BACK = 6;

interface Reading {
  readonly request: ExtractRequest;
  readonly properties: readonly SchemaProperty[];
  readonly meter: WorkMeter;
}

/** Extraction by rules from the tool's JSON Schema; what the message does not say may stand in the user's earlier ones. */
export class RuleEntityExtractor extends EntityExtractor {
  constructor(private readonly today: () => Date = () => new Date()) {
    super();
  }

  override extract(request: ExtractRequest): Promise<Record<string, unknown>> {
    return Promise.resolve(this.extractNow(request));
  }

  extractNow(request: ExtractRequest): Record<string, unknown> {
    const properties = propertiesOf(request.tool);
    const values: Record<string, unknown> = { ...request.known };
    const used = new Set<unknown>();
    const meter = judging();
    for (const property of properties) {
      const found = this.findings(property, request.text, { request, properties, meter }).find(
        ({ value }) => !used.has(value),
      );
      if (found === undefined) continue;
      if (!found.strong && !property.required) continue;
      values[property.name] = found.value;
      used.add(found.value);
    }
    if (!meansAnother(request.text)) this.fromHistory({ request, properties, meter }, values);
    return values;
  }

  override gives({ asked, text, tool }: Pick<ExtractRequest, 'tool' | 'text' | 'asked'>): boolean {
    const wanted = propertiesOf(tool).filter(({ name }) => asked.includes(name));
    const short = wordCount(text) <= 6 && !text.includes('?');
    const meter = judging();
    return wanted.some((property) => {
      const options = { today: this.today(), asked: short, alone: short && wanted.length === 1, meter };
      return findingsFor(property, text, options).some(({ strong }) => strong);
    });
  }

  /** Every required value has exactly one strong candidate in the message and nothing optional is left: no model needed. */
  certain(request: ExtractRequest): Record<string, unknown> | null {
    const properties = propertiesOf(request.tool);
    if (properties.some((property) => !property.required && !(property.name in request.known))) return null;
    const values: Record<string, unknown> = { ...request.known };
    const reading = { request, properties, meter: judging() };
    for (const property of properties) {
      if (property.name in values) continue;
      const strong = this.findings(property, request.text, reading).filter((finding) => finding.strong);
      if (strong.length !== 1) return null;
      values[property.name] = strong[0]?.value;
    }
    return values;
  }

  private findings(property: SchemaProperty, text: string, { meter, properties, request }: Reading): Finding[] {
    const asked = request.asked.includes(property.name) && text === request.text;
    return findingsFor(property, text, {
      today: this.today(),
      asked,
      alone: asked && (request.asked.length === 1 || properties.length === 1),
      meter,
    });
  }

  /** Only what the user said, newest first; only values whose form leaves no doubt. */
  private fromHistory(reading: Reading, values: Record<string, unknown>): void {
    const { properties, request } = reading;
    const earlier = request.history
      .filter(({ role }) => role === 'user')
      .slice(-LOOK_BACK)
      .reverse();
    for (const property of properties) {
      if (!property.required || property.name in values) continue;
      for (const message of earlier) {
        const strong = this.findings(property, message.content, reading).find((finding) => finding.strong);
        if (strong === undefined) continue;
        values[property.name] = strong.value;
        break;
      }
    }
  }
}
