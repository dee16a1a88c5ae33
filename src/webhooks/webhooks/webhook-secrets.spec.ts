import { SecretBox } from '#platform/secrets';
import { WebhookSecrets } from './webhook-secrets.js';

const HOUR = 3600_000;

describe('the secrets of a webhook', () => {
  const secrets = new WebhookSecrets(new SecretBox([Buffer.alloc(32, 1)]));
  const scope = { tenantId: '0198c0de-0000-7000-8000-000000000001' };
  const id = '0198c0de-0000-7000-8000-000000000002';
  const signing = (sealed: Buffer) => secrets.signing(scope, id, sealed).map((secret) => secret.reveal());

  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('have the form of Standard Webhooks: 24 to 64 random bytes', () => {
    const secret = secrets.make().reveal();
    expect(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32);
    expect(secrets.make().reveal()).not.toBe(secret);
  });

  it('sign together for a day after one replaced the other, the newest first', () => {
    const [first, second, third] = [secrets.make(), secrets.make(), secrets.make()];
    const replaced = secrets.seal(scope, id, second, secrets.seal(scope, id, first).sealed);
    expect(replaced.last4).toBe(second.last4);
    expect(signing(replaced.sealed)).toEqual([second.reveal(), first.reveal()]);
    jest.setSystemTime(Date.now() + 23 * HOUR);
    expect(signing(replaced.sealed)).toHaveLength(2);
    jest.setSystemTime(Date.now() + HOUR);
    expect(signing(replaced.sealed)).toEqual([second.reveal()]);
    // Replaced twice in a day: the one before the last signs nothing any more.
    expect(signing(secrets.seal(scope, id, third, replaced.sealed).sealed)).toEqual([third.reveal(), second.reveal()]);
  });

  it('open for their own row only', () => {
    const { sealed } = secrets.seal(scope, id, secrets.make());
    expect(() => secrets.signing(scope, '0198c0de-0000-7000-8000-000000000003', sealed)).toThrow(/does not open/);
  });
});
