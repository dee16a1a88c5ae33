import { isOriginPattern, ORIGIN_PATTERN_HINT } from '#platform/origins';
import { atMost } from '#platform/text';
import { z } from 'zod';

const text = z
  .string()
  .trim()
  .min(1)
  .check(...atMost(2000));
const origin = z
  .string()
  .check(...atMost(300))
  .refine(isOriginPattern, { message: ORIGIN_PATTERN_HINT });
/** An IANA name; an offset such as +01:00 has no summer time and is not taken. */
const timeZone = z
  .string()
  .check(...atMost(100))
  .regex(/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/, 'must be an IANA time zone such as Europe/Madrid')
  .refine(isTimeZone, { message: 'must be an IANA time zone such as Europe/Madrid' });

const clock = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$|^24:00$/, 'must be a time such as 09:30');

/**
 * A tenant's settings are one JSON document (column `tenant.settings`), with the same names in the database, in REST and
 * here. Everything is optional; what is absent follows the default below, or the operator's configuration.
 */
export const storedSettings = z.strictObject({
  language: z
    .string()
    .regex(/^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$/, 'must be a language tag such as en or pt-BR')
    .optional(),
  /** Whose day "tomorrow" is counted from, and what an hour without a zone means. */
  timezone: timeZone.optional(),
  texts: z
    .strictObject({
      /** Answer to a greeting. */
      greeting: text,
      /** Answer to other small talk. */
      small_talk: text,
      /** When nobody can tell what is wanted. */
      unclear: text,
      /** How to reach people; the answer to a wish for a person. */
      human_contact: text,
      /** The documents do not answer it. */
      no_answer: text,
      /** Refused by a guard. */
      refused: text,
    })
    .partial()
    .optional(),
  /** What people read in `status` frames, by step. */
  status_messages: z
    .strictObject({
      queued: text,
      routing: text,
      retrieving: text,
      grading: text,
      tool: text,
      generating: text,
      summarizing: text,
      escalating: text,
    })
    .partial()
    .optional(),
  websocket: z
    .strictObject({
      stream: z.boolean(),
      final: z.boolean(),
      format: z.enum(['markdown', 'html']),
      on_disconnect: z.enum(['continue', 'cancel']),
    })
    .partial()
    .optional(),
  /** Pages that may call, over REST, SSE, sockets and to sign in. Looked up in `app.tenant_origin`, which follows them. */
  allowed_origins: z.array(origin).max(100).optional(),
  messages_per_minute: z.int().min(0).max(100_000).optional(),
  history_messages: z.int().min(0).max(200).optional(),
  history_tokens: z.int().min(100).max(1_000_000).optional(),
  top_k: z.int().min(1).max(50).optional(),
  on_provider_failure: z.enum(['fail', 'degrade']).optional(),
  queue_mode: z.enum(['queue', 'reject', 'interrupt']).optional(),
  /** When people are there, by the wall clock of a place. Absent: whenever somebody is online. */
  hours: z
    .strictObject({
      time_zone: timeZone,
      /** Several of one day are a day with a break; no day named is one that is off. */
      week: z
        .array(
          z
            .strictObject({ day: z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']), from: clock, to: clock })
            .refine(({ from, to }) => from < to, { path: ['to'], message: 'must be after from' }),
        )
        .max(28),
    })
    .partial()
    .optional(),
  /** How long things are kept, in days; deleted within minutes of it. Columns of `app.tenant` follow them. */
  retention: z
    .strictObject({
      /** Conversations nobody wrote in for so long, with all that is in them. Absent: until they are deleted. */
      conversations_days: z.int().min(1).max(3650),
      /** What tools were asked and answered. */
      traces_days: z.int().min(1).max(3650),
    })
    .partial()
    .optional(),
  llm: z
    .strictObject({
      provider: z.enum(['openai', 'groq', 'ollama', 'offline', 'echo']),
      model: z
        .string()
        .trim()
        .min(1)
        .check(...atMost(200)),
      temperature: z.number().min(0).max(2),
      max_tokens: z.int().min(1).max(200_000),
    })
    .partial()
    .optional(),
});
export type StoredSettings = z.infer<typeof storedSettings>;

function isTimeZone(value: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: value }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** What only the operator (seed, command line, platform admin) sets; kept in the same column under `operator`. */
export const operatorSettings = z.strictObject({
  /** `host:port` that this tenant's tools may reach besides the public internet. */
  outbound_allow: z
    .array(z.string().check(...atMost(300)))
    .max(50)
    .optional(),
  /**
   * Written by the demo seed, in tenants that it made: which content is there, a digest of the logins' password, and the id of
   * the widget in the shop's website.
   */
  demo: z
    .strictObject({
      content: z.string().check(...atMost(100)),
      password: z.string().check(...atMost(100)),
      shop: z.guid(),
    })
    .partial()
    .optional(),
});
export type OperatorSettings = z.infer<typeof operatorSettings>;

export const DEFAULT_TRACES_DAYS = 90;

export const DEFAULT_TEXTS = {
  greeting: 'Hello! How can I help you today?',
  small_talk: 'I am here to help. What would you like to know?',
  unclear: 'I am not sure what you mean. Could you say it in other words, or add a detail?',
  human_contact: 'I will let a person know. You can also reach our team through the contact page.',
  no_answer: 'I could not find an answer to that in our documents.',
  refused: 'I cannot help with that request.',
} as const;

export const DEFAULT_STATUS_MESSAGES = {
  queued: 'Waiting for the previous message...',
  routing: 'Classifying your query...',
  retrieving: 'Searching knowledge base...',
  grading: 'Analyzing results...',
  tool: 'Looking that up...',
  generating: 'Generating response...',
  summarizing: 'Summarizing the conversation...',
  escalating: 'Contacting a person...',
} as const;

export type StatusStep = keyof typeof DEFAULT_STATUS_MESSAGES;
export type TextKey = keyof typeof DEFAULT_TEXTS;
