import { ConfigError, loadConfig } from './app-config.js';

const faultsOf = (env: Record<string, string>): readonly string[] => {
  try {
    loadConfig(env);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
};

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
    [{ SECRETS_KEY: 'short' }, 'SECRETS_KEY'],
    [{ JWT_PRIVATE_KEY: 'not a key' }, 'JWT_PRIVATE_KEY'],
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
