import jwt from 'jsonwebtoken';
import { SecretString } from '#platform/secrets';
import { ShopSite } from './shop-site.js';

describe('the demo’s shop', () => {
  const secret = new SecretString('ws_a-secret-of-the-widget');
  let site: ShopSite;
  beforeAll(async () => {
    site = await ShopSite.listen(0);
    site.open('http://127.0.0.1:3000', { publicKey: 'pk_1', secret });
  });
  afterAll(() => site.stop());

  it('shows a page with the widget, under a policy that allows nothing else', async () => {
    const response = await fetch(`${site.url}/`);
    const page = await response.text();
    expect(page).toContain('<script src="http://127.0.0.1:3000/widget.js" data-widget="pk_1" async>');
    expect(page).not.toMatch(/ style=| on\w+=|<style|<script>/);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("script-src 'self' http://127.0.0.1:3000;");
    expect(policy).toContain('ws://127.0.0.1:3000');
    expect(policy).not.toMatch(/unsafe|\*/);
    for (const path of ['/shop.css', '/shop.js']) expect((await fetch(`${site.url}${path}`)).status).toBe(200);
    expect((await fetch(`${site.url}/else`)).status).toBe(404);
  });

  it('says who is signed in, as a site’s server does: signed, and for minutes', async () => {
    const answer = (await (await fetch(`${site.url}/identity`, { method: 'POST' })).json()) as {
      identity_token: string;
    };
    const claims = jwt.verify(answer.identity_token, secret.reveal(), { algorithms: ['HS256'] }) as jwt.JwtPayload;
    expect(claims).toMatchObject({ sub: 'shop-ana', name: 'Ana Byrne' });
    expect((claims.exp ?? 0) - (claims.iat ?? 0)).toBeLessThanOrEqual(600);
    expect((await fetch(`${site.url}/identity`)).status).toBe(404);
  });

  it('takes another port when its own is taken', async () => {
    const other = await ShopSite.listen(Number(new URL(site.url).port));
    expect(other.url).not.toBe(site.url);
    await other.stop();
  });
});
