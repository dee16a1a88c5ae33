import type { Passage } from '#rag';
import { blocksOf, type TextBlock, type TextUnit, unitsOf } from '../text/sentences.js';
import { contentStems } from '../text/words.js';

export interface RankedUnit {
  readonly unit: TextUnit;
  readonly block: TextBlock;
  /** Index of the passage in the list that was ranked. */
  readonly passage: number;
  /** Weighted share of the question's words that it has, with a little for its surroundings; about 0–1.3. */
  readonly score: number;
}

/** Everything the passages say, ranked by how much of the question it speaks about. Passages come best first. */
export function rankUnits(question: string, passages: readonly Passage[]): RankedUnit[] {
  const wanted = [...new Set(contentStems(question))];
  const read = passages.map((passage) => {
    const blocks = blocksOf(passage.content);
    return { passage, blocks, units: unitsOf(blocks) };
  });
  const frequency = new Map<string, number>();
  const stemsOf = new Map<TextUnit, ReadonlySet<string>>();
  let count = 0;
  for (const { units } of read) {
    for (const unit of units) {
      const stems = new Set(contentStems(unit.text));
      stemsOf.set(unit, stems);
      count += 1;
      for (const stem of stems) frequency.set(stem, (frequency.get(stem) ?? 0) + 1);
    }
  }
  const weight = (stem: string) => Math.log(1 + (count + 1) / ((frequency.get(stem) ?? 0) + 0.5));
  const total = wanted.reduce((sum, stem) => sum + weight(stem), 0);
  if (total === 0) return [];
  const best = Math.max(...passages.map(({ score }) => score), Number.EPSILON);
  const ranked = read.flatMap(({ passage, blocks, units }, index) =>
    units.flatMap((unit): RankedUnit[] => {
      const block = blocks[unit.block];
      if (block === undefined || unit.text.length < 3) return [];
      const stems = stemsOf.get(unit) ?? new Set();
      const said = wanted.filter((stem) => stems.has(stem)).reduce((sum, stem) => sum + weight(stem), 0) / total;
      const around = new Set(
        contentStems(`${passage.title} ${passage.section ?? ''} ${block.heading} ${lead(blocks, unit.block)}`),
      );
      const meant =
        wanted.filter((stem) => around.has(stem) && !stems.has(stem)).reduce((sum, stem) => sum + weight(stem), 0) /
        total;
      const length = unit.text.length > 400 ? -0.1 : unit.text.length < 25 && unit.kind === 'sentence' ? -0.05 : 0;
      const asked = unit.text.endsWith('?') ? -0.25 : 0;
      const score = said + 0.45 * meant + 0.25 * (passage.score / best) + length + asked;
      return [{ unit, block, passage: index, score }];
    }),
  );
  return ranked.sort((a, b) => b.score - a.score);
}

/** The sentence that introduces a list ("You cannot return:"). */
function lead(blocks: readonly TextBlock[], index: number): string {
  const before = blocks[index - 1];
  const line = before?.lines.at(-1) ?? '';
  return blocks[index]?.kind === 'list' && before?.kind === 'paragraph' && line.trimEnd().endsWith(':') ? line : '';
}

/** The sentence of a passage that is nearest to what was said of it. */
export function supportingSentence(passage: Passage, said: string): string {
  const [best] = rankUnits(said, [passage]);
  return best?.unit.text ?? passage.content.slice(0, 200).trim();
}
