import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import jwt from 'jsonwebtoken';
import { AuthApp, PASSWORD } from './auth-app.js';

const pem = (key: KeyObject) =>
  key.export({ type: key.type === 'private' ? 'pkcs8' : 'spki', format: 'pem' }).toString();
/** As a variable of a compose file holds it. */
const line = (key: KeyObject) => pem(key).trim().replaceAll('\n', '\\n');
const rsa = () => generateKeyPairSync('rsa', { modulusLength: 2048 });

/** New keys sign and seal; what the previous ones signed and sealed is still good. */
describe('a server whose keys were replaced', () => {
  const [first, second, third] = [rsa(), rsa(), rsa()] as const;
  const [oldSecret, newSecret] = [randomBytes(32).toString('base64'), randomBytes(32).toString('base64')];
  let before: AuthApp;
  let after: AuthApp;
  let someone: { email: string; slug: string; token: string; refresh: string };

  beforeAll(async () => {
    before = await AuthApp.start({ JWT_PRIVATE_KEY: pem(first.privateKey), SECRETS_KEY: oldSecret });
    const { slug, tenantId } = await before.database.tenant();
    const { email } = await before.person(tenantId, 'tenant_admin');
    const { body } = await before.call('/api/auth/login', { body: { tenant: slug, email, password: PASSWORD } });
    someone = { email, slug, token: String(body['access_token']), refresh: String(body['refresh_token']) };
    after = await AuthApp.start(
      {
        JWT_PRIVATE_KEY: line(second.privateKey),
        JWT_PREVIOUS_PUBLIC_KEYS: `${line(third.publicKey)},${line(first.publicKey)}`,
        SECRETS_KEY: newSecret,
        SECRETS_KEY_PREVIOUS: oldSecret,
      },
      { beside: before },
    );
  });
  afterAll(async () => {
    await after?.stop(true);
    await before?.stop();
  });

  it('takes tokens of the previous key as its own, over HTTP and by the verifier of sockets', async () => {
    expect((await after.call('/api/auth/me', { token: someone.token })).status).toBe(200);
    const claims = jwt.decode(someone.token) as Record<string, unknown>;
    const kid = jwt.decode(someone.token, { complete: true })?.header.kid;
    // A token of ours belongs to a session, whichever of our keys signed it.
    const { sid: _sid, ...homeless } = claims;
    const forged = jwt.sign(homeless, first.privateKey, { algorithm: 'RS256', keyid: kid });
    expect((await after.call('/api/auth/me', { token: forged })).status).toBe(401);
  });

  it('publishes every key that verifies, and signs with the new one', async () => {
    const { body } = await after.call('/.well-known/jwks.json');
    const { keys } = body as unknown as { keys: { kid: string }[] };
    expect(keys).toHaveLength(3);
    const signedIn = await after.call('/api/auth/login', {
      body: { tenant: someone.slug, email: someone.email, password: PASSWORD },
    });
    const token = String(signedIn.body['access_token']);
    expect(jwt.decode(token, { complete: true })?.header.kid).toBe(keys[0]?.kid);
    expect(jwt.verify(token, second.publicKey)).toBeTruthy();
    const published = keys.map((key) => createPublicKey({ key: key as never, format: 'jwk' }));
    expect(published.some((key) => key.equals(first.publicKey))).toBe(true);
  });

  it('refreshes sessions that began before', async () => {
    const { body, status } = await after.call('/api/auth/refresh', { body: { refresh_token: someone.refresh } });
    expect(status).toBe(200);
    const again = await after.call('/api/auth/refresh', { body: { refresh_token: body['refresh_token'] } });
    expect(again.status).toBe(200);
  });

  it('takes none of a key that is no longer named', async () => {
    const forgetful = await AuthApp.start(
      { JWT_PRIVATE_KEY: pem(second.privateKey), SECRETS_KEY: newSecret },
      { beside: before },
    );
    try {
      expect((await forgetful.call('/api/auth/me', { token: someone.token })).status).toBe(401);
    } finally {
      await forgetful.app.close();
    }
  });
});
