import { existsSync, readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join, resolve } from 'node:path';
import { parseEnv } from 'node:util';
import { isOriginPattern, ORIGIN_PATTERN_HINT } from '#platform/origins';
import { z } from 'zod';
import { crossFaults, doubts } from './cross-faults.js';
import { readPrivateKey, readPublicKey, readPublicKeys, readSecretsKey, readSecretsKeys } from './key-material.js';
import { unservedIn } from './unserved.js';

const flag = z
  .enum(['true', 'false', '1', '0', 'yes', 'no'])
  .transform((value) => value === 'true' || value === '1' || value === 'yes');
const whole = (low: number, high: number) => {
  const error = `must be a whole number from ${low} to ${high}`;
  return z.coerce.number({ error }).int(error).min(low, error).max(high, error);
};
/** Text that its reader takes. What the reader says of another is the fault; it does not show the text. */
const readable = (read: (text: string) => unknown) =>
  z.string().superRefine((text, context) => {
    try {
      read(text);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : 'is not readable' });
    }
  });
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
);
const origin = z.string().refine(isOriginPattern, { message: ORIGIN_PATTERN_HINT });

/** What Express takes for `trust proxy`: a number of proxies, or addresses, networks and the names it knows. */
const proxies = z.string().refine(
  (value) =>
    /^(\d{1,2}|true|false)$/.test(value) ||
    value.split(',').every((item) => {
      const [address = '', bits, ...rest] = item.trim().split('/');
      if (['loopback', 'linklocal', 'uniquelocal'].includes(item.trim())) return true;
      const family = isIP(address);
      const most = family === 6 ? 128 : 32;
      return (
        family !== 0 &&
        rest.length === 0 &&
        (bits === undefined || (/^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most))
      );
    }),
  {
    message:
      'must be how many proxies stand before the server (1), their addresses (loopback, 10.0.0.0/8), or true for any',
  },
);
const hostAndPort = z.string().regex(/^(\[[0-9A-Fa-f:.]+\]|[^\s/@:?#]+):\d{1,5}$/, {
  message: 'must be host:port, for example api.internal:8080',
});

const webAddress = z.url({
  protocol: /^https?$/,
  error: 'must be an address that begins with http:// or https://',
});
const postgresUrl = z
  .string()
  .regex(/^postgres(ql)?:\/\//, 'must start with postgres:// or postgresql://')
  .refine((value) => URL.canParse(value), 'must be an address such as postgres://user:password@host:5432/database');

/** Where Ollama listens that nobody has configured: whether it does is not known. */
const OLLAMA_URL = 'http://127.0.0.1:11434/v1';

/** Names and defaults: the README's configuration table and PROTOCOL §7. */
const schema = z.object({
  NODE_ENV: z.enum(['development', 'test', 'production']).default('development'),
  PORT: whole(0, 65_535).default(3000),
  HOST: z.string().default('127.0.0.1'),
  PUBLIC_URL: webAddress.optional(),
  DATABASE_URL: postgresUrl.optional(),
  DATABASE_OWNER_URL: postgresUrl.optional(),
  DATABASE_POOL: whole(1, 500).default(20),
  DATA_DIR: z.string().min(1).default('.data'),
  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, 'must start with redis:// or rediss://')
    .optional(),
  LLM_PROVIDER: z
    .enum(['openai', 'groq', 'ollama', 'offline', 'echo'], {
      error: ({ input }) =>
        input === 'anthropic' || input === 'google'
          ? `${input} is not served by this version: use its OpenAI-compatible address, LLM_PROVIDER=openai and OPENAI_BASE_URL`
          : undefined,
    })
    .optional(),
  LLM_MODEL: z.string().min(1).optional(),
  OPENAI_API_KEY: z.string().min(1).optional(),
  OPENAI_BASE_URL: webAddress.optional(),
  GROQ_API_KEY: z.string().min(1).optional(),
  OLLAMA_BASE_URL: webAddress.default(OLLAMA_URL),
  LLM_STREAM_READER: z.enum(['fast', 'langchain']).default('fast'),
  EMBEDDINGS_PROVIDER: z.enum(['openai', 'local', 'transformers']).optional(),
  EMBEDDINGS_MODEL: z.string().min(1).optional(),
  SENTENCE_ENCODER: flag.default(true),
  JWT_PRIVATE_KEY: readable(readPrivateKey).optional(),
  JWT_PREVIOUS_PUBLIC_KEYS: readable(readPublicKeys).optional(),
  SECRETS_KEY: readable(readSecretsKey).optional(),
  SECRETS_KEY_PREVIOUS: readable(readSecretsKeys).optional(),
  JWT_PUBLIC_KEY: readable(readPublicKey).optional(),
  /** The operator's own issuer for all tenants: where its keys are, and what its tokens say in `iss` and `aud`. */
  JWT_JWKS_URL: z.url({ protocol: /^https?$/ }).optional(),
  JWT_ISSUER: z.string().min(1).max(500).optional(),
  JWT_AUDIENCE: z.string().min(1).max(500).optional(),
  AUTH_BYPASS: flag.default(false),
  SEED_DEMO: flag.optional(),
  DEMO_PASSWORD: z.string().min(8, 'must have at least 8 characters').optional(),
  BOOTSTRAP_ADMIN_EMAIL: z.email().optional(),
  BOOTSTRAP_ADMIN_PASSWORD: z.string().min(12, 'must have at least 12 characters').optional(),
  MIGRATE_ON_START: flag.optional(),
  MESSAGES_PER_MINUTE: whole(0, 100_000).default(10),
  REQUESTS_PER_MINUTE: whole(0, 1_000_000).default(600),
  /** Of the model, for all of a tenant; 0: no limit. */
  TOKENS_PER_MINUTE: whole(0, 1_000_000_000).default(0),
  /** Of the model, for each user; 0: no limit. */
  USER_TOKENS_PER_MINUTE: whole(0, 1_000_000_000).default(0),
  /** Models that tenants may choose, by name or `provider/name`; none: every one of a configured provider. */
  LLM_MODELS: list.default([]),
  /** JSON: `{"model": {"input_usd": 0.5, "output_usd": 1.5}}`, US dollars per million tokens. */
  LLM_PRICES_FILE: z.string().min(1).optional(),
  /** Of one answer. */
  LLM_MAX_TOKENS: whole(1, 1_000_000).optional(),
  HISTORY_MESSAGES: whole(0, 200).default(10),
  HISTORY_TOKENS: whole(100, 1_000_000).default(6000),
  MAX_TURN_SECONDS: whole(1, 3600).default(120),
  LLM_CONNECT_TIMEOUT_MS: whole(10, 600_000).default(5000),
  LLM_FIRST_BYTE_TIMEOUT_MS: whole(10, 600_000).default(30_000),
  LLM_IDLE_TIMEOUT_MS: whole(10, 600_000).default(30_000),
  LEASE_SECONDS: whole(1, 600).default(6),
  /** Turns at once on this instance; beyond them they wait, tenants in turn. */
  MAX_RUNNING_TURNS: whole(1, 100_000).default(500),
  WS_MAX_PER_USER: whole(1, 10_000).default(20),
  WS_MAX_PER_ADDRESS: whole(1, 100_000).default(200),
  HTTP_MAX_PER_ADDRESS: whole(1, 100_000).default(1000),
  WS_HEARTBEAT_SECONDS: whole(1, 600).default(30),
  UPLOAD_MAX_MB: whole(1, 1024).default(25),
  OUTBOUND_ALLOW: list.pipe(z.array(hostAndPort)).default([]),
  CORS_ORIGINS: list.pipe(z.array(origin)).default([]),
  TRUST_PROXY: proxies.optional(),
  SMTP_URL: z
    .string()
    .regex(/^smtps?:\/\/[^\s/]+\/?$/, 'must be smtp://user:password@host:587 or smtps://…')
    .refine((value) => URL.canParse(value), 'must be an address')
    .optional(),
  /** Whom letters come from; by default nobody, at PUBLIC_URL's host. */
  MAIL_FROM: z
    .string()
    .regex(/^[^\r\n]{1,300}$/)
    .optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  DOCS_PUBLIC: flag.default(false),
});

type Env = z.infer<typeof schema>;
export type LlmProvider = NonNullable<Env['LLM_PROVIDER']>;

/** Every fault of the environment at once, each with its variable. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The configuration is not valid:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/** The checked settings. A class, so that it is its own injection token; its instances are frozen. */
export class AppConfig {
  readonly production: boolean;
  readonly dataDir: string;
  /** True when the process brings its own PGlite. */
  readonly embeddedDatabase: boolean;
  readonly seedDemo: boolean;
  readonly migrateOnStart: boolean;
  readonly llmProvider: LlmProvider;
  readonly embeddingsProvider: 'openai' | 'local' | 'transformers';
  /** What is set and works, and is perhaps not what was meant, in words. */
  readonly doubts: readonly string[];

  constructor(
    readonly env: Readonly<Env>,
    /** Variables of the contract that are set and do nothing in this version, in words. */
    readonly unserved: readonly string[] = [],
  ) {
    this.production = env.NODE_ENV === 'production';
    this.dataDir = resolve(env.DATA_DIR);
    this.embeddedDatabase = env.DATABASE_URL === undefined;
    this.seedDemo = env.SEED_DEMO ?? (this.embeddedDatabase && !this.production);
    this.migrateOnStart = env.MIGRATE_ON_START ?? !this.production;
    this.llmProvider = env.LLM_PROVIDER ?? defaultProvider(env);
    this.embeddingsProvider =
      env.EMBEDDINGS_PROVIDER ??
      (env.OPENAI_API_KEY !== undefined && env.OPENAI_BASE_URL === undefined ? 'openai' : 'local');
    this.doubts = doubts(this);
    Object.freeze(this);
  }

  get llmModel(): string {
    return this.modelOf(this.llmProvider);
  }

  /** The model that serves where a provider is named and no model: the operator's, of the operator's own provider. */
  modelOf(provider: LlmProvider): string {
    if (provider === this.llmProvider && this.env.LLM_MODEL !== undefined) return this.env.LLM_MODEL;
    switch (provider) {
      case 'openai':
        return 'gpt-4o-mini';
      case 'groq':
        return 'llama-3.1-8b-instant';
      case 'ollama':
        return 'llama3.2';
      case 'offline':
      case 'echo':
        return provider;
    }
  }

  /** Whether a tenant may choose this provider: the operator's own, and those that the environment gives access to. */
  offersProvider(provider: LlmProvider): boolean {
    const { GROQ_API_KEY, OLLAMA_BASE_URL, OPENAI_API_KEY, OPENAI_BASE_URL } = this.env;
    if (provider === this.llmProvider) return true;
    switch (provider) {
      case 'openai':
        return OPENAI_API_KEY !== undefined || OPENAI_BASE_URL !== undefined;
      case 'groq':
        return GROQ_API_KEY !== undefined;
      case 'ollama':
        return OLLAMA_BASE_URL !== OLLAMA_URL;
      case 'offline':
        return true;
      case 'echo':
        return !this.production;
    }
  }

  get mailFrom(): string {
    const host = this.env.PUBLIC_URL === undefined ? 'localhost' : new URL(this.env.PUBLIC_URL).hostname;
    return this.env.MAIL_FROM ?? `no-reply@${host}`;
  }

  /** True when only this machine can reach the server. */
  get loopbackOnly(): boolean {
    return ['127.0.0.1', '::1', 'localhost'].includes(this.env.HOST);
  }
}

/**
 * Reads and checks the environment.
 * @param source defaults to the process's environment over the working directory's `.env`
 * @throws ConfigError listing every fault
 */
export function loadConfig(source: Readonly<Record<string, string | undefined>> = environment()): AppConfig {
  // An empty variable means "not set": compose files and CI pass them that way.
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ''));
  const faults: string[] = [];
  const faulty = new Set<string>();
  const values = Object.entries(schema.shape).map(([name, field]): [string, unknown] => {
    const parsed = field.safeParse(given[name]);
    if (parsed.success) return [name, parsed.data];
    faulty.add(name);
    faults.push(...parsed.error.issues.map((issue) => `${name}: ${issue.message}`));
    // As if it were not set, so that what else is wrong is found in the same go.
    return [name, field.safeParse(undefined).data];
  });
  const config = new AppConfig(Object.freeze(Object.fromEntries(values) as Env), unservedIn(given));
  for (const { fault, variables } of crossFaults(config)) {
    if (!variables.some((name) => faulty.has(name))) faults.push(fault);
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return config;
}

function defaultProvider(env: Env): AppConfig['llmProvider'] {
  if (env.OPENAI_API_KEY !== undefined || env.OPENAI_BASE_URL !== undefined) return 'openai';
  if (env.GROQ_API_KEY !== undefined) return 'groq';
  return 'offline';
}

/** The process's environment over the working directory's `.env`. */
export function environment(): Record<string, string | undefined> {
  const file = join(process.cwd(), '.env');
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {};
  return { ...fromFile, ...process.env };
}
