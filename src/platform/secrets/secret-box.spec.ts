import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import { SealedValueError, SecretBox } from './secret-box.js';
import { SecretString } from './secret-string.js';

const row = { tenantId: 'a', rowId: '1', purpose: 'llm.credential' };

describe('SecretBox', () => {
  const key = randomBytes(32);
  const box = new SecretBox([key]);

  it('opens what it sealed, and never seals alike twice', () => {
    const sealed = box.seal('sk-canary', row);
    expect(box.open(sealed, row).reveal()).toBe('sk-canary');
    expect(sealed.equals(box.seal('sk-canary', row))).toBe(false);
    expect(sealed.includes('sk-canary')).toBe(false);
  });

  it.each([
    ['another tenant', { ...row, tenantId: 'b' }],
    ['another row', { ...row, rowId: '2' }],
    ['another purpose', { ...row, purpose: 'widget.secret' }],
  ])('refuses a value that was moved to %s', (_where, elsewhere) => {
    expect(() => box.open(box.seal('x', row), elsewhere)).toThrow(SealedValueError);
  });

  it('refuses a value with any one bit changed', () => {
    const sealed = box.seal('secret', row);
    for (let at = 0; at < sealed.length; at++) {
      const bent = Buffer.from(sealed);
      bent[at] = (bent[at] ?? 0) ^ 1;
      expect(() => box.open(bent, row)).toThrow(SealedValueError);
    }
  });

  it('opens values of the previous key and says that they are stale', () => {
    const next = new SecretBox([randomBytes(32), key]);
    const old = box.seal('kept', row);
    expect(next.open(old, row).reveal()).toBe('kept');
    expect(next.isStale(old)).toBe(true);
    expect(next.isStale(next.seal('kept', row))).toBe(false);
    expect(() => new SecretBox([randomBytes(32)]).open(old, row)).toThrow(/key is not among/);
  });

  it('digests by every key, the newest first, and names them as sealed values carry them', () => {
    const next = new SecretBox([randomBytes(32), key]);
    expect(next.digests('a', 'v')[1]).toEqual(box.digest('a', 'v'));
    expect(next.digests('a', 'v')[0]).toEqual(next.digest('a', 'v'));
    expect(next.keyIds.map((id) => id.toString('hex'))).toEqual(
      [next.seal('x', row), box.seal('x', row)].map((sealed) => sealed.subarray(1, 5).toString('hex')),
    );
  });

  it('digests differently for each purpose and key', () => {
    expect(box.digest('a', 'v').equals(box.digest('a', 'v'))).toBe(true);
    expect(box.digest('a', 'v').equals(box.digest('b', 'v'))).toBe(false);
    expect(box.digest('a', 'v').equals(new SecretBox([randomBytes(32)]).digest('a', 'v'))).toBe(false);
  });
});

describe('SecretString', () => {
  it('shows itself only when asked', () => {
    const secret = new SecretString('sk-canary-1234');
    const shown = [String(secret), `${secret}`, JSON.stringify({ secret }), inspect({ secret }), secret + ''].join();
    expect(shown).not.toContain('canary');
    expect(secret.reveal()).toBe('sk-canary-1234');
    expect(secret.last4).toBe('1234');
  });
});
