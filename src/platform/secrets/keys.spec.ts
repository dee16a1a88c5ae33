import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '#platform/config';
import { openSecretBox, openSigningKey } from './keys.js';
import { readOrCreateSecretFile } from './secret-file.js';
import { SigningKey } from './signing-key.js';

describe('key files', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'switchboard-keys-'));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('are made once, readable by their owner only, and leave no draft behind', () => {
    const path = join(folder, 'deep', 'key');
    expect(readOrCreateSecretFile(path, () => 'first')).toBe('first');
    expect(readOrCreateSecretFile(path, () => 'second')).toBe('first');
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(folder, 'deep'))).toEqual(['key']);
  });

  it('survive a kill that left a half-written draft', () => {
    const path = join(folder, 'key');
    writeFileSync(`${path}.1.aa.tmp`, 'hal');
    expect(readOrCreateSecretFile(path, () => 'whole')).toBe('whole');
  });

  it('yield to a process that was faster', () => {
    const path = join(folder, 'key');
    const mine = readOrCreateSecretFile(path, () => {
      writeFileSync(path, 'theirs');
      return 'mine';
    });
    expect(mine).toBe('theirs');
  });

  it('give the same signing key and the same sealing key to the next start', () => {
    const config = loadConfig({ DATA_DIR: folder });
    expect(openSigningKey(config).kid).toBe(openSigningKey(config).kid);
    const row = { tenantId: 't', rowId: 'r', purpose: 'p' };
    expect(openSecretBox(config).open(openSecretBox(config).seal('v', row), row).reveal()).toBe('v');
  });

  it('refuse a placeholder and a key that is too short, without printing it', () => {
    const zeros = Buffer.alloc(32).toString('base64');
    expect(() => loadConfig({ DATA_DIR: folder, SECRETS_KEY: zeros })).toThrow(/not random/);
    writeFileSync(join(folder, 'secrets-key'), zeros);
    expect(() => openSecretBox(loadConfig({ DATA_DIR: folder }))).toThrow(/not random/);
    expect(() => SigningKey.fromPem('-----BEGIN PRIVATE KEY-----\ncanary\n-----END PRIVATE KEY-----')).toThrow(
      /^(?!.*canary).*not a readable/s,
    );
  });
});
