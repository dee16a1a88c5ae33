import { emailSchema } from '#auth';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { skillSchema } from '../model/fields.js';

const words = z
  .string()
  .trim()
  .min(2)
  .check(...atMost(100));
/** When a person is called, and how. One document a tenant; what is absent follows the defaults below. */
export const escalationRules = z
  .strictObject({
    explicit: z.boolean().default(true).describe('The user asks for a person, in whatever words'),
    phrases: z.array(words).max(50).default([]).describe('Further words that mean the same, in any case'),
    keywords: z
      .array(z.strictObject({ word: words, skill: skillSchema.nullable().default(null) }))
      .max(100)
      .default([])
      .describe('Words of a message that call a person at once, perhaps one with a skill'),
    failures: z
      .int()
      .min(1)
      .max(10)
      .nullable()
      .default(3)
      .describe('So many answers in a row that were none, by what they rested on or by what the user said of them'),
    min_confidence: z
      .number()
      .min(0)
      .max(1)
      .nullable()
      .default(null)
      .describe('The best source of an answer from knowledge scores less'),
    tools: z
      .array(z.string().max(63))
      .max(50)
      .default([])
      .describe('Tools that may call a person, by `escalate` in their result: true, a reason, or {reason, skill}'),
    assignment: z.enum(['manual', 'round_robin', 'least_busy']).default('manual'),
    max_wait_s: z.int().min(10).max(86_400).nullable().default(null).describe('A longer wait ends; null: it does not'),
    on_timeout: z.enum(['agent', 'contact_form']).default('agent').describe('What it ends in'),
    notify_emails: z.array(emailSchema).max(20).default([]).describe('Who is written to when nobody is there'),
  })
  .meta({
    id: 'EscalationRules',
    examples: [
      {
        explicit: true,
        keywords: [{ word: 'lawyer', skill: 'complaints' }],
        failures: 2,
        assignment: 'least_busy',
        max_wait_s: 300,
        on_timeout: 'contact_form',
        notify_emails: ['team@example.com'],
      },
    ],
  });
export type EscalationRules = z.infer<typeof escalationRules>;
export const DEFAULT_RULES: EscalationRules = escalationRules.parse({});
