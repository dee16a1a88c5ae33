import { blocksOf, contentStems, hasStem, type TextBlock, type TextUnit, unitsOf } from '#platform/text';
import type { Passage } from '#rag';
import { askedFor, asksForWhole, likeness, tells } from './asked-for.js';
import { topicWords } from './topic-words.js';

export interface RankedUnit {
  readonly unit: TextUnit;
  readonly block: TextBlock;
  /** Index of the passage in the list that was ranked. */
  readonly passage: number;
  /** Weighted share of the question's words that it and its surroundings have, 0–1. */
  readonly relevance: number;
  /** The question's words that it and its surroundings have, each with its share, 0–1. */
  readonly found: ReadonlyMap<string, number>;
  /** What introduces it: the line before a list or code. */
  readonly lead: string;
  /** The list or code that it introduces. */
  readonly led: TextBlock | null;
  /** Above it; empty unless it has more of the question's words than the unit itself: without it, the unit says little. */
  readonly heading: string;
  /** Relevance with what else speaks for it: its passage's place, and that it tells what is asked for; about 0–2. */
  readonly score: number;
}

/** Words of the headings and a list's lead count less than words of the sentence itself, those of the title less again. */
const AROUND = 0.95;
const TITLED = 0.75;
/** What the best passage is worth; each further one is worth this share of the one before. */
const PLACE = 0.3;
const NEXT_PLACE = 0.65;
/** A time where "how long" is asked, a price where "how much" is. */
const TELLS = 0.3;
/** The beginning of a document whose title is all that is asked for. */
const BEGINNING = 0.5;
/** Of a passage: what a section is about stands first. */
const FIRST = 0.08;
/** A document whose title has the question's words, whether or not the sentence has them too. */
const TITLE = 0.2;
/** A heading that is worded like the question. */
const HEADED = 0.8;

/** Everything the passages say, ranked by how well it answers the question. Passages come best first. */
export function rankUnits(question: string, passages: readonly Passage[]): RankedUnit[] {
  const topic = topicWords(question, passages);
  const wanted = topic.map(({ stem }) => stem);
  const weights = new Map(topic.map(({ stem, weight }) => [stem, weight]));
  const asked = askedFor(question);
  const read = passages.map((passage) => {
    const blocks = blocksOf(passage.content);
    const units = unitsOf(blocks).map((unit) => ({ unit, stems: new Set(contentStems(unit.text)) }));
    return { passage, blocks, units };
  });
  const total = topic.reduce((sum, { weight }) => sum + weight, 0);
  if (total === 0) return [];
  const share = (stems: readonly string[]) => stems.reduce((sum, stem) => sum + (weights.get(stem) ?? 0), 0) / total;
  const lacking = (found: readonly string[]) => wanted.filter((stem) => !found.includes(stem));
  const ranked = read.flatMap(({ blocks, passage, units }, index) => {
    const beginning = isBeginning(passage) && asksForWhole(question, passage.title);
    const title = new Set(contentStems(`${passage.title} ${passage.section ?? ''}`));
    const headed = likeness(question, ownHeading(passage));
    return units.flatMap(({ stems, unit }, place): RankedUnit[] => {
      const block = blocks[unit.block];
      if (block === undefined || unit.text.length < 3) return [];
      const said = wanted.filter((stem) => hasStem(stems, stem));
      const introduced = lead(blocks, unit.block);
      const above = block.heading === '' ? ownHeading(passage) : block.heading;
      const near = contentStems(`${ownHeading(passage)} ${block.heading} ${introduced}`);
      const meant = lacking(said).filter((stem) => hasStem(new Set(near), stem));
      const titled = lacking([...said, ...meant]).filter((stem) => hasStem(title, stem));
      const under = block.heading === '' ? headed : Math.max(headed, likeness(question, block.heading));
      const relevance = share(said) + AROUND * share(meant) + TITLED * share(titled);
      const length = unit.text.length > 400 ? -0.1 : unit.text.length < 25 && unit.kind === 'sentence' ? -0.05 : 0;
      const score =
        relevance +
        HEADED * under +
        TITLE * share(wanted.filter((stem) => hasStem(title, stem))) +
        PLACE * NEXT_PLACE ** index +
        (tells(asked, unit.text) ? TELLS : 0) +
        (beginning && place < 2 ? BEGINNING : 0) +
        (place === 0 ? FIRST : 0) +
        (unit.text.endsWith('?') ? -0.25 : 0) +
        length;
      const heading = headsMore(above, { said, wanted, share }) ? above : '';
      const found = new Map([...said, ...meant, ...titled].map((stem) => [stem, share([stem])]));
      const led = ledBy(blocks, unit);
      return [{ unit, block, passage: index, relevance, found, score, lead: introduced, led, heading }];
    });
  });
  return ranked.sort((a, b) => b.score - a.score);
}

/** Before the first heading below the title. */
function isBeginning({ section, title }: Passage): boolean {
  return section === null || section === title;
}

/** The innermost heading above a passage, unless it is the title. */
function ownHeading({ section, title }: Passage): string {
  const own = section?.split(' > ').at(-1) ?? '';
  return own === title ? '' : own;
}

function ledBy(blocks: readonly TextBlock[], unit: TextUnit): TextBlock | null {
  const next = blocks[unit.block + 1];
  return next !== undefined && unit.text.endsWith(':') && lead(blocks, unit.block + 1) !== '' ? next : null;
}

interface Heads {
  readonly said: readonly string[];
  readonly wanted: readonly string[];
  readonly share: (stems: readonly string[]) => number;
}

/** A heading has more of what is asked for than the unit below it says itself. */
function headsMore(heading: string, { said, share, wanted }: Heads): boolean {
  const headed = new Set(contentStems(heading));
  return share(wanted.filter((stem) => hasStem(headed, stem) && !said.includes(stem))) > share(said);
}

/** The sentence that introduces a list ("You cannot return:") or code. */
function lead(blocks: readonly TextBlock[], index: number): string {
  const before = blocks[index - 1];
  const line = before?.lines.at(-1) ?? '';
  const led = blocks[index]?.kind === 'list' || blocks[index]?.kind === 'code';
  return led && before?.kind === 'paragraph' && line.trimEnd().endsWith(':') ? line : '';
}

/** The sentence of a passage that is nearest to what was said of it. */
export function supportingSentence(passage: Passage, said: string): string {
  const [best] = rankUnits(said, [passage]);
  return best?.unit.text ?? passage.content.slice(0, 200).trim();
}
