import { z } from 'zod';

export const USAGE_GROUPS = ['day', 'agent', 'model', 'user', 'provider', 'purpose'] as const;
export type UsageGroup = (typeof USAGE_GROUPS)[number];

const MOST_DAYS = 400;
const DAY_MS = 24 * 3600 * 1000;

/** A day (UTC) or a moment. */
const moment = z.union([z.iso.date(), z.iso.datetime({ offset: true })]).transform((text) => new Date(text));

export const usageQuery = z
  .strictObject({
    /** Inclusive; 30 days before `to` unless told. */
    from: moment.optional(),
    /** Exclusive; now unless told. */
    to: moment.optional(),
    /** Comma-separated. */
    group_by: z
      .string()
      .max(200)
      .transform((text) => [...new Set(text.split(',').map((name) => name.trim()))])
      .pipe(z.array(z.enum(USAGE_GROUPS)))
      .optional(),
  })
  .transform(({ from, group_by: groups = [], to = new Date() }) => ({
    from: from ?? new Date(to.getTime() - 30 * DAY_MS),
    to,
    groups: groups as readonly UsageGroup[],
  }))
  .refine(({ from, to }) => from < to, { path: ['from'], message: 'must be before `to`' })
  .refine(({ from, to }) => to.getTime() - from.getTime() <= MOST_DAYS * DAY_MS, {
    path: ['from'],
    message: `must be at most ${MOST_DAYS} days before \`to\``,
  });
export type UsageQuery = z.infer<typeof usageQuery>;

const sums = {
  turns: z.int(),
  input_tokens: z.int(),
  output_tokens: z.int(),
  /** Of what has a known price; null where nothing has. */
  cost_usd: z.number().nullable(),
};
const group = z.string().nullable().optional();

/** A row holds the members that it is grouped by; null: not known. */
export const usageResponse = z
  .object({
    data: z.array(
      z.object({ day: group, agent: group, model: group, user: group, provider: group, purpose: group, ...sums }),
    ),
    totals: z.object(sums),
  })
  .meta({ id: 'Usage' });
export type UsageResponse = z.infer<typeof usageResponse>;
export type UsageSums = UsageResponse['totals'];
