import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { loadConfig } from '#platform/config';
import { isLoopbackHost, isOperatorOrigin } from './origins.js';

const production = {
  NODE_ENV: 'production',
  JWT_PRIVATE_KEY: generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString(),
  SECRETS_KEY: randomBytes(32).toString('base64'),
  DATABASE_URL: 'postgres://db/x',
  HOST: '0.0.0.0',
};

describe('isOperatorOrigin', () => {
  it('takes every loopback page outside production, and none in it', () => {
    const local = loadConfig({});
    const live = loadConfig(production);
    for (const origin of ['http://localhost:5173', 'http://127.0.0.1', 'https://[::1]:8443']) {
      expect(isOperatorOrigin(local, origin, '127.0.0.1:3000')).toBe(true);
      expect(isOperatorOrigin(live, origin, 'chat.example.com')).toBe(false);
    }
  });

  it('takes the operator’s list exactly', () => {
    const config = loadConfig({ ...production, CORS_ORIGINS: 'https://app.example.com, https://b.example' });
    expect(isOperatorOrigin(config, 'https://app.example.com', 'chat.example.com')).toBe(true);
    expect(isOperatorOrigin(config, 'https://b.example', 'chat.example.com')).toBe(true);
    for (const evil of [
      'https://app.example.com.evil',
      'https://evilapp.example.com',
      'http://app.example.com',
      'https://app.example.com:8443',
      'https://app.example.com/',
      'null',
      '',
      'file://',
    ]) {
      expect(isOperatorOrigin(config, evil, 'chat.example.com')).toBe(false);
    }
  });

  it('takes the names one level below an entry with a star', () => {
    const config = loadConfig({ ...production, CORS_ORIGINS: 'https://*.example.com' });
    expect(isOperatorOrigin(config, 'https://shop.example.com', 'chat.example.org')).toBe(true);
    for (const other of ['https://example.com', 'https://a.b.example.com', 'https://evilexample.com']) {
      expect(isOperatorOrigin(config, other, 'chat.example.org')).toBe(false);
    }
  });

  it('takes its own address: PUBLIC_URL where it is set, else the one that the browser used', () => {
    const named = loadConfig({ ...production, PUBLIC_URL: 'https://chat.example.com/base' });
    expect(isOperatorOrigin(named, 'https://chat.example.com', 'inner:3000')).toBe(true);
    expect(isOperatorOrigin(named, 'https://inner:3000', 'inner:3000')).toBe(false);
    const unnamed = loadConfig(production);
    expect(isOperatorOrigin(unnamed, 'https://chat.example.com', 'chat.example.com')).toBe(true);
    expect(isOperatorOrigin(unnamed, 'https://evil.example', 'chat.example.com')).toBe(false);
  });

  it('does not take a rebound name for its own while AUTH_BYPASS signs everybody in', () => {
    const config = loadConfig({ AUTH_BYPASS: 'true' });
    expect(isOperatorOrigin(config, 'http://evil.example:3000', 'evil.example:3000')).toBe(false);
    expect(isLoopbackHost('evil.example:3000')).toBe(false);
    expect(isLoopbackHost('LOCALHOST:3000')).toBe(true);
    expect(isLoopbackHost('[::1]:3000')).toBe(true);
    expect(isLoopbackHost(undefined)).toBe(false);
  });
});
