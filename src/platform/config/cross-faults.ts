import { createPublicKey, type KeyObject } from 'node:crypto';
import { readPrivateKey, readPublicKey, readPublicKeys } from './key-material.js';

/** Of an `AppConfig`, what the rules here look at. */
interface Settings {
  readonly production: boolean;
  readonly embeddedDatabase: boolean;
  readonly loopbackOnly: boolean;
  readonly env: {
    readonly HOST: string;
    readonly AUTH_BYPASS: boolean;
    readonly LLM_PROVIDER?: string;
    readonly EMBEDDINGS_PROVIDER?: string;
  } & { readonly [name in Given]?: string };
}
type Given =
  | 'DATABASE_OWNER_URL'
  | 'JWT_ISSUER'
  | 'JWT_JWKS_URL'
  | 'JWT_PUBLIC_KEY'
  | 'JWT_PRIVATE_KEY'
  | 'JWT_PREVIOUS_PUBLIC_KEYS'
  | 'PUBLIC_URL'
  | 'SECRETS_KEY'
  | 'OPENAI_API_KEY'
  | 'OPENAI_BASE_URL'
  | 'GROQ_API_KEY'
  | 'BOOTSTRAP_ADMIN_EMAIL'
  | 'BOOTSTRAP_ADMIN_PASSWORD';

/** What is wrong between variables that are each right, or with one that is missing. */
export interface CrossFault {
  /** Those that it depends on: where one of them has a fault of its own, that one is said and this is not. */
  readonly variables: readonly string[];
  readonly fault: string;
}

export function crossFaults(config: Settings): CrossFault[] {
  return [...production(config), ...bypass(config), ...providers(config), ...together(config), ...issuers(config)];
}

function* production({ embeddedDatabase, env, production: isProduction }: Settings): Generator<CrossFault> {
  if (!isProduction) return;
  if (env.JWT_PRIVATE_KEY === undefined) {
    yield {
      variables: ['NODE_ENV', 'JWT_PRIVATE_KEY'],
      fault: 'JWT_PRIVATE_KEY: required in production (an RSA private key in PEM; make one with: openssl genrsa 2048)',
    };
  }
  if (env.SECRETS_KEY === undefined) {
    yield {
      variables: ['NODE_ENV', 'SECRETS_KEY'],
      fault: 'SECRETS_KEY: required in production (32 random bytes in base64; make one with: openssl rand -base64 32)',
    };
  }
  if (embeddedDatabase) {
    yield {
      variables: ['NODE_ENV', 'DATABASE_URL'],
      fault: 'DATABASE_URL: required in production; the embedded database does not survive a power cut',
    };
  }
}

function* bypass({ env, loopbackOnly, production: isProduction }: Settings): Generator<CrossFault> {
  if (!env.AUTH_BYPASS) return;
  if (isProduction) {
    yield {
      variables: ['NODE_ENV', 'AUTH_BYPASS'],
      fault: 'AUTH_BYPASS: is for local development and refused in production',
    };
  }
  if (!loopbackOnly) {
    yield {
      variables: ['HOST', 'AUTH_BYPASS'],
      fault: `AUTH_BYPASS: refused while HOST is ${env.HOST}; use 127.0.0.1`,
    };
  }
}

function* providers({ env }: Settings): Generator<CrossFault> {
  if (env.LLM_PROVIDER === 'openai' && env.OPENAI_API_KEY === undefined && env.OPENAI_BASE_URL === undefined) {
    yield {
      variables: ['LLM_PROVIDER', 'OPENAI_API_KEY', 'OPENAI_BASE_URL'],
      fault: 'OPENAI_API_KEY: required by LLM_PROVIDER=openai (or OPENAI_BASE_URL for a compatible server)',
    };
  }
  if (env.LLM_PROVIDER === 'groq' && env.GROQ_API_KEY === undefined) {
    yield { variables: ['LLM_PROVIDER', 'GROQ_API_KEY'], fault: 'GROQ_API_KEY: required by LLM_PROVIDER=groq' };
  }
  if (env.EMBEDDINGS_PROVIDER === 'openai' && env.OPENAI_API_KEY === undefined && env.OPENAI_BASE_URL === undefined) {
    yield {
      variables: ['EMBEDDINGS_PROVIDER', 'OPENAI_API_KEY', 'OPENAI_BASE_URL'],
      fault: 'OPENAI_API_KEY: required by EMBEDDINGS_PROVIDER=openai (or OPENAI_BASE_URL for a compatible server)',
    };
  }
}

function* together({ embeddedDatabase, env }: Settings): Generator<CrossFault> {
  if ((env.BOOTSTRAP_ADMIN_EMAIL === undefined) !== (env.BOOTSTRAP_ADMIN_PASSWORD === undefined)) {
    yield {
      variables: ['BOOTSTRAP_ADMIN_EMAIL', 'BOOTSTRAP_ADMIN_PASSWORD'],
      fault: 'BOOTSTRAP_ADMIN_EMAIL and BOOTSTRAP_ADMIN_PASSWORD go together',
    };
  }
  if (env.JWT_ISSUER !== undefined && env.JWT_JWKS_URL === undefined && env.JWT_PUBLIC_KEY === undefined) {
    yield {
      variables: ['JWT_ISSUER', 'JWT_JWKS_URL', 'JWT_PUBLIC_KEY'],
      fault: 'JWT_ISSUER: needs its keys: set JWT_JWKS_URL or JWT_PUBLIC_KEY',
    };
  }
  if (env.DATABASE_OWNER_URL !== undefined && embeddedDatabase) {
    yield {
      variables: ['DATABASE_OWNER_URL', 'DATABASE_URL'],
      fault: 'DATABASE_OWNER_URL: needs DATABASE_URL, with the user that the server signs in as',
    };
  }
}

/** Who signs for somebody else must be told apart from this server: by name and by key. */
function* issuers({ env }: Settings): Generator<CrossFault> {
  if (env.JWT_ISSUER !== undefined && env.JWT_ISSUER === (env.PUBLIC_URL ?? 'switchboard')) {
    yield {
      variables: ['JWT_ISSUER', 'PUBLIC_URL'],
      fault: "JWT_ISSUER: is this server's own issuer; give the name that stands as iss in the other issuer's tokens",
    };
  }
  const others = keysIn(env.JWT_PUBLIC_KEY, (text) => [readPublicKey(text)]);
  const own = {
    JWT_PRIVATE_KEY: keysIn(env.JWT_PRIVATE_KEY, (text) => [createPublicKey(readPrivateKey(text))]),
    JWT_PREVIOUS_PUBLIC_KEYS: keysIn(env.JWT_PREVIOUS_PUBLIC_KEYS, readPublicKeys),
  };
  for (const [name, keys] of Object.entries(own)) {
    if (keys.some((key) => others.some((other) => key.equals(other)))) {
      yield { variables: ['JWT_PUBLIC_KEY', name], fault: OWN_KEY_FAULT };
      return;
    }
  }
}

/** Also of one that was generated, which only whoever opens it can compare. */
export const OWN_KEY_FAULT =
  "JWT_PUBLIC_KEY: is this server's own key, one that signs or has signed; give the other issuer's public key, or leave it out";

/** None of what is no key: that is a fault of its own. */
function keysIn(text: string | undefined, read: (text: string) => KeyObject[]): KeyObject[] {
  if (text === undefined) return [];
  try {
    return read(text);
  } catch {
    return [];
  }
}

/** What works and is perhaps not what was meant: said at the start. */
export function doubts({ env }: Settings): string[] {
  if (env.JWT_JWKS_URL === undefined || env.JWT_ISSUER !== undefined) return [];
  const own = env.PUBLIC_URL ?? 'switchboard';
  return [
    `JWT_JWKS_URL: without JWT_ISSUER only tokens that say iss "${own}" are taken, as this server's own do; set JWT_ISSUER to what your issuer writes there`,
  ];
}
