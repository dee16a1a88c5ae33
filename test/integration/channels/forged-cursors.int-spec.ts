import { newId } from '#platform/database';
import { ChatApp, type Person } from './chat-app.js';

/** Positions and times that no list gave out and no database takes: the client's fault (422), never ours. */
describe('a cursor or time that was made up', () => {
  let app: ChatApp;
  let admin: Person;
  beforeAll(async () => {
    app = await ChatApp.start();
    admin = await app.person(undefined, 'tenant_admin');
  }, 60_000);
  afterAll(() => app.stop());

  const cursor = (...position: unknown[]) =>
    Buffer.from(JSON.stringify([admin.tenantId, ...position])).toString('base64url');
  const status = async (path: string) => (await app.call(path, { token: admin.token })).status;

  it.each(['0000-01-01T00:00:00.000Z', '2026-02-30T00:00:00.000Z', 'now', '', 17, null])(
    'of conversations, at %j, is refused',
    async (at) => {
      expect(await status(`/api/${admin.slug}/conversations?cursor=${cursor(at, newId())}`)).toBe(422);
      const staff = `/api/admin/conversations?cursor=${cursor('-last_interaction_at', at, newId())}`;
      expect(await status(staff)).toBe(422);
    },
  );

  it('is one that a list could have given out, and then it is taken', async () => {
    const at = '2026-01-01T00:00:00.000Z';
    expect(await status(`/api/${admin.slug}/conversations?cursor=${cursor(at, newId())}`)).toBe(200);
    expect(await status(`/api/admin/conversations?cursor=${cursor('-last_interaction_at', at, newId())}`)).toBe(200);
  });

  it.each([
    ['0000-01-01T00:00:00Z', 422],
    ['2026-01-01T00:00:00%2B23:59', 200],
    ['0001-01-01T00:00:00Z', 200],
    ['yesterday', 422],
  ])('as a filter, from %s, is answered %i', async (from, expected) => {
    expect(await status(`/api/admin/conversations?from=${from}`)).toBe(expected);
    expect(await status(`/api/admin/audit-log?from=${from}`)).toBe(expected);
  });
});
