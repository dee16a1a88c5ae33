import type { AppConfig } from '#platform/config';
import { atMost, type Ceilings, ceilingsOf, lowerLimit } from '../entitlements/ceilings.js';
import { type Entitlements, readEntitlements } from '../entitlements/entitlements.js';
import {
  DEFAULT_STATUS_MESSAGES,
  DEFAULT_TEXTS,
  DEFAULT_TRACES_DAYS,
  type OperatorSettings,
  operatorSettings,
  type StatusStep,
  type StoredSettings,
  storedSettings,
  type TextKey,
} from './settings.schema.js';

type Weekday = NonNullable<NonNullable<StoredSettings['hours']>['week']>[number]['day'];

/** What holds for a tenant right now: its own settings over the operator's configuration over the defaults. */
export interface TenantSettings {
  readonly tenant: { readonly id: string; readonly slug: string; readonly name: string };
  /** What the operator grants, and the ceilings that follow: the members below are never above them. */
  readonly entitlements: Entitlements;
  readonly ceilings: Ceilings;
  readonly language: string;
  /** IANA. */
  readonly timezone: string;
  readonly texts: Readonly<Record<TextKey, string>>;
  readonly statusMessages: Readonly<Record<StatusStep, string>>;
  readonly websocket: {
    readonly stream: boolean;
    readonly final: boolean;
    readonly format: 'markdown' | 'html';
    readonly onDisconnect: 'continue' | 'cancel';
  };
  readonly allowedOrigins: readonly string[];
  /** 0 = no limit. */
  readonly messagesPerMinute: number;
  readonly historyMessages: number;
  readonly historyTokens: number;
  readonly topK: number;
  readonly onProviderFailure: 'fail' | 'degrade';
  readonly queueMode: 'queue' | 'reject' | 'interrupt';
  /** When people are there; null: whenever somebody is online. */
  readonly hours: {
    readonly time_zone: string;
    readonly week: readonly { readonly day: Weekday; readonly from: string; readonly to: string }[];
  } | null;
  /** Days; null = until deleted. */
  readonly retention: { readonly conversationsDays: number | null; readonly tracesDays: number };
  /** Absent members follow the operator's provider. */
  readonly llm: {
    readonly provider?: 'openai' | 'groq' | 'ollama' | 'offline' | 'echo';
    readonly model?: string;
    readonly temperature?: number;
    readonly maxTokens?: number;
  };
  /** `host:port` list of this tenant; never settable by the tenant itself. */
  readonly outboundAllow: readonly string[];
}

/** Passages of an answer. Each costs a model tokens and the turn time; without one, reading more finds more answers. */
const DEFAULT_TOP_K = { withModel: 5, withoutModel: 8 } as const;
export const DEFAULT_TIMEZONE = 'UTC';

/** Splits the column's document into its two owners' parts. What no longer fits is dropped rather than fatal. */
export function readSettings(document: unknown): { stored: StoredSettings; operator: OperatorSettings } {
  const { operator, ...own } = isRecord(document) ? document : {};
  return {
    stored: storedSettings.safeParse(own).data ?? knownParts(own),
    operator: operatorSettings.safeParse(operator ?? {}).data ?? {},
  };
}

export function resolveSettings(
  config: AppConfig,
  tenant: { id: string; slug: string; name: string; settings: unknown; entitlements?: unknown },
): TenantSettings {
  const { stored, operator } = readSettings(tenant.settings);
  const entitlements = readEntitlements(tenant.entitlements);
  const ceilings = ceilingsOf(config, entitlements);
  const provider = stored.llm?.provider ?? config.llmProvider;
  return {
    tenant: { id: tenant.id, slug: tenant.slug, name: tenant.name },
    entitlements,
    ceilings,
    language: stored.language ?? 'en',
    timezone: stored.timezone ?? DEFAULT_TIMEZONE,
    texts: { ...DEFAULT_TEXTS, ...stored.texts },
    statusMessages: { ...DEFAULT_STATUS_MESSAGES, ...stored.status_messages },
    websocket: {
      stream: stored.websocket?.stream ?? true,
      final: stored.websocket?.final ?? true,
      format: stored.websocket?.format ?? 'markdown',
      onDisconnect: stored.websocket?.on_disconnect ?? 'continue',
    },
    allowedOrigins: stored.allowed_origins ?? [],
    messagesPerMinute: lowerLimit(stored.messages_per_minute, ceilings.messagesPerMinute),
    historyMessages: atMost(stored.history_messages ?? config.env.HISTORY_MESSAGES, ceilings.historyMessages),
    historyTokens: stored.history_tokens ?? config.env.HISTORY_TOKENS,
    topK: stored.top_k ?? DEFAULT_TOP_K[provider === 'offline' ? 'withoutModel' : 'withModel'],
    onProviderFailure: stored.on_provider_failure ?? 'fail',
    queueMode: stored.queue_mode ?? 'queue',
    hours:
      stored.hours?.week === undefined
        ? null
        : { time_zone: stored.hours.time_zone ?? stored.timezone ?? DEFAULT_TIMEZONE, week: stored.hours.week },
    retention: {
      conversationsDays: stored.retention?.conversations_days ?? null,
      tracesDays: stored.retention?.traces_days ?? DEFAULT_TRACES_DAYS,
    },
    llm: {
      provider: stored.llm?.provider,
      model: stored.llm?.model,
      temperature: stored.llm?.temperature,
      maxTokens: stored.llm?.max_tokens === undefined ? undefined : atMost(stored.llm.max_tokens, ceilings.maxTokens),
    },
    outboundAllow: operator.outbound_allow ?? [],
  };
}

/** A settings document of another version of the program: every part that still fits. */
function knownParts(document: Record<string, unknown>): StoredSettings {
  const fitting = Object.entries(document).filter(([key, value]) => storedSettings.safeParse({ [key]: value }).success);
  return storedSettings.parse(Object.fromEntries(fitting));
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
