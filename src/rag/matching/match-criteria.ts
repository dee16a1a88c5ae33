import { atMost } from '#platform/text';
import { z } from 'zod';

const common = {
  weight: z.number().min(0).max(100),
  label: z
    .string()
    .min(1)
    .check(...atMost(100)),
};
const field = z
  .string()
  .min(1)
  .check(...atMost(100));
const side = z.enum(['profile', 'record']);

/** One reason for or against a match. */
export const matchCriterion = z.discriminatedUnion('kind', [
  /** Of the texts' meaning. */
  z.object({ kind: z.literal('similarity'), ...common }),
  /** The share of the demanded values that the other side has. */
  z.object({ kind: z.literal('overlap'), ...common, profileField: field, recordField: field, demanding: side }),
  /** 1 when a number is at least as large as demanded, falling to 0 at `tolerance` below it. */
  z.object({
    kind: z.literal('at_least'),
    ...common,
    profileField: field,
    recordField: field,
    demanding: side,
    tolerance: z.number().positive(),
  }),
  /** 1 when a wish is not above the most that is offered, falling to 0 at `tolerance` (a share of the offer) above it. */
  z.object({
    kind: z.literal('at_most'),
    ...common,
    wishField: field,
    offerField: field,
    wishing: side,
    tolerance: z.number().positive(),
  }),
  /** `location`, `country` and `remote` (remote, hybrid, onsite) of both sides. */
  z.object({ kind: z.literal('place'), ...common }),
]);
export type MatchCriterion = z.infer<typeof matchCriterion>;

export const matchCriteria = z.array(matchCriterion).min(1).max(20);

/** Where nobody said what counts: the texts. */
export const BY_MEANING: readonly MatchCriterion[] = [{ kind: 'similarity', weight: 1, label: 'Description' }];

/**
 * An agent's weights over the criteria's own, by the criterion's label or, where no label has that name, its kind:
 * `{ "Skills": 0.5, "similarity": 0 }`.
 */
export function withWeights(
  criteria: readonly MatchCriterion[],
  weights: Readonly<Record<string, unknown>>,
): MatchCriterion[] {
  return criteria.map((criterion) => {
    const own = weights[criterion.label] ?? weights[criterion.kind];
    return typeof own === 'number' && own >= 0 ? { ...criterion, weight: own } : criterion;
  });
}
