import { z } from 'zod';
import { DEFAULT_STATUS_MESSAGES, DEFAULT_TEXTS } from './settings.schema.js';
import type { TenantSettings } from './tenant-settings.js';

const texts = <T extends object>(defaults: T) =>
  z.object(Object.fromEntries(Object.keys(defaults).map((key) => [key, z.string()])) as Record<keyof T, z.ZodString>);

/** The settings that hold, defaults included. */
export const settingsResponse = z
  .object({
    language: z.string(),
    timezone: z.string(),
    texts: texts(DEFAULT_TEXTS),
    status_messages: texts(DEFAULT_STATUS_MESSAGES),
    websocket: z.object({
      stream: z.boolean(),
      final: z.boolean(),
      format: z.enum(['markdown', 'html']),
      on_disconnect: z.enum(['continue', 'cancel']),
    }),
    allowed_origins: z.array(z.string()),
    messages_per_minute: z.number(),
    history_messages: z.number(),
    history_tokens: z.number(),
    top_k: z.number(),
    on_provider_failure: z.enum(['fail', 'degrade']),
    queue_mode: z.enum(['queue', 'reject', 'interrupt']),
    hours: z
      .object({ time_zone: z.string(), week: z.array(z.object({ day: z.string(), from: z.string(), to: z.string() })) })
      .nullable()
      .describe('When people are there; null: whenever somebody is online'),
    retention: z.object({ conversations_days: z.number().nullable(), traces_days: z.number() }),
    llm: z.object({
      provider: z.string().nullable(),
      model: z.string().nullable(),
      temperature: z.number().nullable(),
      max_tokens: z.number().nullable(),
    }),
  })
  .meta({ id: 'Settings' });
export type SettingsResponse = z.infer<typeof settingsResponse>;

export function toSettingsResponse(settings: TenantSettings): SettingsResponse {
  return {
    language: settings.language,
    timezone: settings.timezone,
    texts: { ...settings.texts },
    status_messages: { ...settings.statusMessages },
    websocket: {
      stream: settings.websocket.stream,
      final: settings.websocket.final,
      format: settings.websocket.format,
      on_disconnect: settings.websocket.onDisconnect,
    },
    allowed_origins: [...settings.allowedOrigins],
    messages_per_minute: settings.messagesPerMinute,
    history_messages: settings.historyMessages,
    history_tokens: settings.historyTokens,
    top_k: settings.topK,
    on_provider_failure: settings.onProviderFailure,
    queue_mode: settings.queueMode,
    hours:
      settings.hours === null
        ? null
        : { time_zone: settings.hours.time_zone, week: settings.hours.week.map((open) => ({ ...open })) },
    retention: {
      conversations_days: settings.retention.conversationsDays,
      traces_days: settings.retention.tracesDays,
    },
    llm: {
      provider: settings.llm.provider ?? null,
      model: settings.llm.model ?? null,
      temperature: settings.llm.temperature ?? null,
      max_tokens: settings.llm.maxTokens ?? null,
    },
  };
}
