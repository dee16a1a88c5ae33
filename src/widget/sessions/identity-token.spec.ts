import { SecretString } from '#platform/secrets';
import jwt from 'jsonwebtoken';
import { personOf } from './identity-token.js';

const SECRET = 'ws_of-this-widget';

describe('an identity token', () => {
  const now = () => Math.floor(Date.now() / 1000);
  const signed = (claims: object, options: jwt.SignOptions = { expiresIn: 300 }, secret = SECRET) =>
    jwt.sign(claims, secret, { algorithm: 'HS256', ...options });
  const read = (token: string) => personOf(token, new SecretString(SECRET));

  it('names a person, and says no more than the site’s server may say', () => {
    const said = { sub: 'anna', name: ' Anna ', email: 'anna@example.com', persona: 'buyer' };
    expect(read(signed({ ...said, role: 'tenant_admin', tenant_id: 'x' }))).toEqual({
      externalId: 'anna',
      ...{ name: 'Anna', email: 'anna@example.com', persona: 'buyer' },
    });
    expect(read(signed({ sub: 'anna', exp: now() + 620 }, {}))).toEqual({ externalId: 'anna' });
  });

  it.each<[string, () => string]>([
    ['that another secret signed', () => signed({ sub: 'x' }, { expiresIn: 60 }, 'ws_of-another-widget')],
    ['that is not signed', () => jwt.sign({ sub: 'x' }, '', { algorithm: 'none', expiresIn: 60 })],
    ['that was changed', () => signed({ sub: 'x' }).replace(/\.[^.]+\./, (part) => `${part.slice(0, -3)}A.`)],
    ['by HS384', () => signed({ sub: 'x' }, { algorithm: 'HS384', expiresIn: 60 })],
    ['by HS512', () => signed({ sub: 'x' }, { algorithm: 'HS512', expiresIn: 60 })],
    ['that has expired', () => signed({ sub: 'x' }, { expiresIn: -61 })],
    ['that has expired just now', () => signed({ sub: 'x' }, { expiresIn: -1 })],
    ['that is not valid yet', () => signed({ sub: 'x' }, { expiresIn: 60, notBefore: 61 })],
    ['that is good for eleven minutes', () => signed({ sub: 'x' }, { expiresIn: 660 })],
    ['without an end', () => signed({ sub: 'x' }, {})],
    ['of nobody', () => signed({ name: 'x' })],
    ['of an empty name', () => signed({ sub: '' })],
    ['of a number', () => signed({ sub: 7 as unknown as string })],
    ['of one of the platform’s', () => signed({ sub: 'platform:0199f6f2-7c1e-7a55-8f3e-5a4f0f3f9a10' })],
    ['of a name that cannot be stored', () => signed({ sub: 'x\0' })],
    ['of half a character', () => signed({ sub: 'x\ud800' })],
    ['that is nonsense', () => 'a.b.c'],
  ])('is refused %s', (_what, make) => {
    const token = make();
    expect(() => read(token)).toThrow(expect.objectContaining({ code: 'UNAUTHORIZED' }));
    expect(() => read(token)).toThrow(/^identity_token: (?!.*ws_of)/);
  });
});
