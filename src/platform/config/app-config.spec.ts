import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { ConfigError, loadConfig } from './app-config.js';
import { UNSERVED } from './unserved.js';

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

function pem(bits: number): string {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: bits });
  return privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
}

describe('the configuration', () => {
  it('needs nothing: embedded database, offline, loopback, demo data', () => {
    const config = loadConfig({});
    expect(config).toMatchObject({
      embeddedDatabase: true,
      llmProvider: 'offline',
      embeddingsProvider: 'local',
      seedDemo: true,
    });
    expect(config.env).toMatchObject({ PORT: 3000, HOST: '127.0.0.1', MESSAGES_PER_MINUTE: 10 });
  });

  it('takes an empty variable as not set', () => {
    expect(loadConfig({ DATABASE_URL: '', OPENAI_API_KEY: '' })).toMatchObject({
      embeddedDatabase: true,
      llmProvider: 'offline',
    });
  });

  it('lists every fault at once, each with its variable', () => {
    const faults = faultsOf({ PORT: 'http', DATABASE_URL: 'mysql://x', LEASE_SECONDS: '0' });
    expect(faults.map((fault) => fault.split(':')[0])).toEqual(['PORT', 'DATABASE_URL', 'LEASE_SECONDS']);
  });

  it('lists what is wrong in one variable together with what is wrong between them', () => {
    const faults = faultsOf({
      NODE_ENV: 'production',
      PORT: 'http',
      AUTH_BYPASS: 'true',
      HOST: '0.0.0.0',
      LLM_PROVIDER: 'groq',
      SECRETS_KEY: 'short',
      BOOTSTRAP_ADMIN_EMAIL: 'ops@example.test',
    });
    expect(faults.map((fault) => fault.split(/[: ]/)[0]).sort()).toEqual(
      [
        ...['AUTH_BYPASS', 'AUTH_BYPASS', 'BOOTSTRAP_ADMIN_EMAIL', 'DATABASE_URL', 'GROQ_API_KEY'],
        ...['JWT_PRIVATE_KEY', 'PORT', 'SECRETS_KEY'],
      ].sort(),
    );
  });

  it('does not call a variable missing that is there and wrong', () => {
    const faults = faultsOf({ NODE_ENV: 'production', DATABASE_URL: 'mysql://x', JWT_PRIVATE_KEY: 'no key' });
    expect(faults.filter((fault) => /^(DATABASE_URL|JWT_PRIVATE_KEY)/.test(fault))).toHaveLength(2);
    expect(faults.join()).not.toMatch(/(DATABASE_URL|JWT_PRIVATE_KEY): required/);
  });

  it('says of a number what it may be, and shows no secret', () => {
    const canary = 'sk-canary';
    const faults = faultsOf({
      LEASE_SECONDS: '0',
      SECRETS_KEY: canary,
      JWT_PRIVATE_KEY: canary,
      JWT_PUBLIC_KEY: canary,
    });
    expect(faults[faults.length - 1]).toBe('LEASE_SECONDS: must be a whole number from 1 to 600');
    expect(faults).toHaveLength(4);
    expect(faults.join()).not.toContain(canary);
  });

  it('names each variable of the contract that is set and does nothing', () => {
    const { unserved } = loadConfig({
      GOOGLE_API_KEY: 'x',
      OTEL_SERVICE_NAME: 'x',
      PORT: '1',
      PATH: '/bin',
    });
    expect(unserved.map((line) => line.split(':')[0])).toEqual(['GOOGLE_API_KEY', 'OTEL_SERVICE_NAME']);
    expect(loadConfig({ GOOGLE_API_KEY: '' }).unserved).toEqual([]);
  });

  it('stands whole in .env.example, beside what docker-compose.yml alone reads', () => {
    const text = readFileSync('.env.example', 'utf8');
    const named = [...text.matchAll(/^([A-Z_]+)=/gm)].map((match) => match[1] ?? '');
    const forCompose = ['PUBLISH', 'PUBLISH_SCALED', 'POSTGRES_PASSWORD', 'DATABASE_PASSWORD'];
    expect(named.filter((name) => !forCompose.includes(name)).sort()).toEqual(Object.keys(loadConfig({}).env).sort());
    // As it is, it configures nothing that a start without it does not have.
    const { env } = loadConfig(Object.fromEntries([...text.matchAll(/^([A-Z_]+)=(.*)$/gm)].map((m) => [m[1], m[2]])));
    expect(env).toEqual(loadConfig({}).env);
  });

  it('serves none of the variables that it says it does not serve', () => {
    const { env } = loadConfig({});
    expect(Object.keys(UNSERVED).filter((name) => name in env)).toEqual([]);
    // Unset ones have an entry as well, or the line above would prove nothing.
    expect('REDIS_URL' in env).toBe(true);
  });

  it.each([
    [{ OPENAI_API_KEY: 'k' }, 'openai', 'gpt-4o-mini', 'openai'],
    [{ OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }, 'openai', 'gpt-4o-mini', 'local'],
    [{ OPENAI_API_KEY: 'k', OPENAI_BASE_URL: 'http://127.0.0.1:1/v1' }, 'openai', 'gpt-4o-mini', 'local'],
    [{ GROQ_API_KEY: 'k' }, 'groq', 'llama-3.1-8b-instant', 'local'],
    [{ LLM_PROVIDER: 'ollama', LLM_MODEL: 'mine' }, 'ollama', 'mine', 'local'],
    [{ LLM_PROVIDER: 'echo', OPENAI_API_KEY: 'k' }, 'echo', 'echo', 'openai'],
  ])('chooses provider, model and embeddings from %p', (env, provider, model, embeddings) => {
    expect(loadConfig(env)).toMatchObject({ llmProvider: provider, llmModel: model, embeddingsProvider: embeddings });
  });

  it.each([
    [{ LLM_PROVIDER: 'openai' }, 'OPENAI_API_KEY'],
    [{ LLM_PROVIDER: 'groq' }, 'GROQ_API_KEY'],
    [{ BOOTSTRAP_ADMIN_EMAIL: 'a@b.example' }, 'BOOTSTRAP_ADMIN_EMAIL'],
    [{ JWT_ISSUER: 'https://sso.example' }, 'JWT_ISSUER'],
    [{ JWT_ISSUER: 'switchboard', JWT_JWKS_URL: 'https://sso.example/keys' }, "JWT_ISSUER: is this server's own"],
    [
      { JWT_ISSUER: 'https://a.example', PUBLIC_URL: 'https://a.example', JWT_JWKS_URL: 'https://sso.example/keys' },
      "JWT_ISSUER: is this server's own",
    ],
    [{ JWT_JWKS_URL: 'ftp://sso.example/keys' }, 'JWT_JWKS_URL'],
    [{ SMTP_URL: 'mail.example' }, 'SMTP_URL'],
    [{ SECRETS_KEY: 'short' }, 'SECRETS_KEY'],
    [{ JWT_PRIVATE_KEY: 'not a key' }, 'JWT_PRIVATE_KEY'],
    [{ JWT_PRIVATE_KEY: '-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----' }, 'JWT_PRIVATE_KEY'],
    [{ SECRETS_KEY: Buffer.alloc(32).toString('base64') }, 'SECRETS_KEY: is not random'],
    [{ SECRETS_KEY_PREVIOUS: `${randomBytes(32).toString('base64')},short` }, 'SECRETS_KEY_PREVIOUS'],
    [{ JWT_PREVIOUS_PUBLIC_KEYS: 'https://elsewhere.example' }, 'JWT_PREVIOUS_PUBLIC_KEYS'],
    [{ EMBEDDINGS_PROVIDER: 'openai' }, 'OPENAI_API_KEY: required by EMBEDDINGS_PROVIDER'],
    [{ LLM_PROVIDER: 'anthropic' }, 'LLM_PROVIDER: anthropic is not served'],
    [{ PUBLIC_URL: 'javascript:alert(1)' }, 'PUBLIC_URL: must be an address'],
    [{ DATABASE_OWNER_URL: 'postgres://owner@db.example/app' }, 'DATABASE_OWNER_URL: needs DATABASE_URL'],
    [{ CORS_ORIGINS: 'https://app.example/path' }, 'CORS_ORIGINS'],
    [{ AUTH_BYPASS: 'true', HOST: '0.0.0.0' }, 'AUTH_BYPASS'],
    [{ OUTBOUND_ALLOW: 'api.internal:8080,nowhere' }, 'OUTBOUND_ALLOW'],
    [{ TRUST_PROXY: 'banana' }, 'TRUST_PROXY'],
    [{ CORS_ORIGINS: 'https://*.example' }, 'CORS_ORIGINS'],
    [{ TRUST_PROXY: '10.0.0.0/99' }, 'TRUST_PROXY'],
    [{ TRUST_PROXY: '10.0.0.0/0' }, 'TRUST_PROXY'],
    [{ TRUST_PROXY: 'loopback,true' }, 'TRUST_PROXY'],
  ])('refuses %p', (env, variable) => {
    expect(faultsOf(env).join('\n')).toContain(variable);
  });

  describe('refuses as the key of another issuer', () => {
    const [own, previous, other] = [0, 1, 2].map(() => generateKeyPairSync('rsa', { modulusLength: 2048 }));
    const publicPem = (pair: typeof own) => pair?.publicKey.export({ type: 'spki', format: 'pem' }).toString() ?? '';
    const oneLine = (text: string) => text.trim().replaceAll('\n', '\\n');
    const env = {
      JWT_PRIVATE_KEY: oneLine(own?.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() ?? ''),
      JWT_PREVIOUS_PUBLIC_KEYS: `${oneLine(publicPem(other))},${oneLine(publicPem(previous))}`,
    };

    it.each([
      ['its own', own],
      ['one that it had before', previous],
    ])('%s, however it is written', (_which, pair) => {
      for (const JWT_PUBLIC_KEY of [publicPem(pair), oneLine(publicPem(pair))])
        expect(faultsOf({ ...env, JWT_PUBLIC_KEY }).join()).toMatch(/^JWT_PUBLIC_KEY: is this server's own key/);
    });

    it('and no other', () => {
      expect(
        faultsOf({ ...env, JWT_PUBLIC_KEY: publicPem(generateKeyPairSync('rsa', { modulusLength: 2048 })) }),
      ).toEqual([]);
    });
  });

  it('says whose tokens are taken by an issuer without a name', () => {
    const JWT_JWKS_URL = 'https://sso.example/keys';
    expect(loadConfig({ JWT_JWKS_URL }).doubts.join()).toContain('iss "switchboard"');
    expect(loadConfig({ JWT_JWKS_URL, PUBLIC_URL: 'https://a.example' }).doubts.join()).toContain(
      'iss "https://a.example"',
    );
    expect(loadConfig({ JWT_JWKS_URL, JWT_ISSUER: 'https://sso.example' }).doubts).toEqual([]);
    expect(loadConfig({}).doubts).toEqual([]);
  });

  it.each([
    ['of zeros', Buffer.alloc(32)],
    ['that counts up', Buffer.from(Array.from({ length: 32 }, (_, at) => at))],
    ['that counts down by threes', Buffer.from(Array.from({ length: 32 }, (_, at) => 250 - 3 * at))],
    ['of words', Buffer.from('change-me-to-a-32-byte-secret-ok')],
    ['of hex digits', Buffer.from(randomBytes(16).toString('hex'))],
    ['of one part again and again', Buffer.concat(Array(4).fill(randomBytes(8)))],
    ['that is too short', randomBytes(31)],
    ['that is too long', randomBytes(33)],
  ])('refuses a sealing key %s, for now and for before', (_what, key) => {
    const text = key.toString('base64');
    for (const variable of ['SECRETS_KEY', 'SECRETS_KEY_PREVIOUS']) {
      const [fault, ...others] = faultsOf({ [variable]: text });
      expect(fault).toMatch(new RegExp(`^${variable}: (is not random|must be 32 bytes)`));
      expect(fault).not.toContain(text);
      expect(others).toEqual([]);
    }
  });

  it('takes every sealing key that is random', () => {
    for (let count = 0; count < 2000; count++)
      expect(() => loadConfig({ SECRETS_KEY: randomBytes(32).toString('base64') })).not.toThrow();
  });

  it('refuses a signing key that is too short, and a private key among public ones', () => {
    expect(faultsOf({ JWT_PRIVATE_KEY: pem(1024) }).join()).toMatch(/JWT_PRIVATE_KEY: .* at least 2048 bits/);
    expect(faultsOf({ JWT_PREVIOUS_PUBLIC_KEYS: pem(2048) }).join()).toMatch(
      /PREVIOUS_PUBLIC_KEYS: holds a private key/,
    );
  });

  it.each(['1', 'true', 'loopback', '10.0.0.0/8, 127.0.0.1', '::1,fd00::/8'])('takes TRUST_PROXY=%s', (TRUST_PROXY) => {
    expect(loadConfig({ TRUST_PROXY }).env.TRUST_PROXY).toBe(TRUST_PROXY);
  });

  it('takes origins, and names one level below another', () => {
    const { CORS_ORIGINS } = loadConfig({ CORS_ORIGINS: 'https://a.example, https://*.b.example' }).env;
    expect(CORS_ORIGINS).toEqual(['https://a.example', 'https://*.b.example']);
  });

  it('asks for keys and a real database in production, and refuses the bypass there', () => {
    const faults = faultsOf({ NODE_ENV: 'production', AUTH_BYPASS: 'true' });
    for (const variable of ['AUTH_BYPASS', 'JWT_PRIVATE_KEY', 'SECRETS_KEY', 'DATABASE_URL']) {
      expect(faults.some((fault) => fault.startsWith(variable))).toBe(true);
    }
  });

  it('seeds no demo data in production or on a database of its own', () => {
    expect(loadConfig({ DATABASE_URL: 'postgres://x' }).seedDemo).toBe(false);
    expect(loadConfig({ DATABASE_URL: 'postgres://x', SEED_DEMO: 'true' }).seedDemo).toBe(true);
  });
});
