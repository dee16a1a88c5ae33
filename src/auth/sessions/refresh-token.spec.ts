import { randomBytes } from 'node:crypto';
import { newId } from '#platform/database';
import { SecretBox } from '#platform/secrets';
import { RefreshTokens } from './refresh-token.js';

describe('RefreshTokens', () => {
  const tokens = new RefreshTokens(new SecretBox([randomBytes(32)]));
  const first = tokens.first(newId(), newId());

  it('knows what it gave out', () => {
    expect(tokens.parse(first.text)).toEqual(first);
    const next = tokens.successor(first);
    expect(tokens.parse(next.text)).toEqual(next);
  });

  it('derives one successor, which tells nothing about the next', () => {
    expect(tokens.successor(first)).toEqual(tokens.successor(first));
    const second = tokens.successor(first);
    expect(second.text).not.toBe(first.text);
    expect(tokens.successor(second).text).not.toBe(second.text);
    expect(tokens.first(first.tenantId, first.sessionId).text).not.toBe(first.text);
  });

  describe('when the key that seals is replaced', () => {
    const [old, fresh] = [randomBytes(32), randomBytes(32)];
    const before = new RefreshTokens(new SecretBox([old]));
    const both = new RefreshTokens(new SecretBox([fresh, old]));
    const after = new RefreshTokens(new SecretBox([fresh]));
    const given = before.first(newId(), newId());

    it('are still known, and followed by ones of the new key', () => {
      expect(both.parse(given.text)).toEqual(given);
      const next = both.successor(given);
      expect(after.parse(next.text)).toEqual(next);
      expect(after.parse(given.text)).toBeNull();
    });

    it('have one successor, whichever of two servers is asked', () => {
      expect(both.successor(given).hash).toEqual(before.successor(given).hash);
      const next = both.parse(before.successor(given).text);
      expect(next?.hash).toEqual(both.successor(given).hash);
    });
  });

  it.each([
    ['another tenant', (text: string) => text.replace(first.tenantId, newId())],
    ['another session', (text: string) => text.replace(first.sessionId, newId())],
    ['another secret', (text: string) => text.slice(0, 80) + (text[80] === 'A' ? 'B' : 'A') + text.slice(81)],
    ['a longer one', (text: string) => `${text}A`],
    ['another server’s', () => new RefreshTokens(new SecretBox([randomBytes(32)])).first(newId(), newId()).text],
    ['nothing of the kind', () => 'eyJ.a.b'],
  ])('does not know %s', (_what, change) => {
    expect(tokens.parse(change(first.text))).toBeNull();
  });
});
