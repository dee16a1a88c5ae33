import { setTimeout as sleep } from 'node:timers/promises';
import jwt from 'jsonwebtoken';
import { ConversationRepository } from '../../../src/conversations/store/conversation.repository.js';
import { ChatApp } from '../channels/chat-app.js';

/** A visitor who becomes a person, while a request of theirs is being written: only where transactions run side by side. */
describe('a visitor’s conversations', () => {
  let app: ChatApp;
  beforeAll(async () => {
    app = await ChatApp.start();
  }, 60_000);
  afterAll(() => app.stop());

  it('are moved with the one that is being begun', async () => {
    const shop = await app.tenant();
    const { token } = await app.person(shop, 'tenant_admin');
    const widget = (await app.call('/api/admin/widgets', { token, body: { name: 'Shop' } })).body;
    const enter = async (body: object) =>
      (await app.call(`/api/public/widgets/${String(widget['public_key'])}/sessions`, { body })).body;
    const path = `/api/${shop.slug}/conversations`;
    const anna = await enter({});

    let isBegun = () => {};
    const begun = new Promise<void>((resolve) => (isBegun = resolve));
    let goOn = () => {};
    const rows = app.app.get(ConversationRepository, { strict: false });
    const insert = rows.insert.bind(rows);
    jest.spyOn(rows, 'insert').mockImplementationOnce(async (...args) => {
      isBegun();
      await new Promise<void>((resolve) => (goOn = resolve));
      return insert(...args);
    });
    const made = app.call(path, { token: String(anna['access_token']), body: { title: 'Just now' } });
    await begun;
    const identity_token = jwt.sign({ sub: 'anna' }, String(widget['secret']), { algorithm: 'HS256', expiresIn: 60 });
    const moved = enter({ visitor_token: anna['visitor_token'], identity_token });
    expect(await Promise.race([moved, sleep(500, 'waits')])).toBe('waits');
    goOn();
    expect((await made).status).toBe(201);
    const listed = await app.call(path, { token: String((await moved)['access_token']) });
    expect(listed.body['data']).toEqual([expect.objectContaining({ title: 'Just now' })]);
  });
});
