import { openDatabase, UnitOfWork } from '#platform/database';
import type { DataSource } from 'typeorm';
import { CutOffProxy } from '../platform/cut-off.proxy.js';
import { ChatApp, type Person } from './chat-app.js';

/** A socket stands while the database is away: whoever writes is told so, at once, and may write again. */
describe('a socket whose database is away', () => {
  let plain: ChatApp;
  let app: ChatApp;
  let proxy: CutOffProxy;
  let dataSource: DataSource;
  let person: Person;

  beforeAll(async () => {
    plain = await ChatApp.start();
    proxy = await CutOffProxy.before(plain.database.url);
    dataSource = await openDatabase({ url: proxy.url, login: plain.database.login, pool: 4 });
    app = await ChatApp.start({}, plain, new UnitOfWork(dataSource));
    person = await plain.person();
  }, 60_000);
  afterAll(async () => {
    await app.stop();
    await dataSource.destroy();
    await proxy.close();
    await plain.stop();
  });

  it('refuses a message without an ack, as one to send again, and takes it when the database is back', async () => {
    const client = await app.chat(person);
    client.send({ content: 'before' });
    const { conversation_id } = await client.next('done');
    proxy.refuse();
    const acks = client.of('ack').length;
    const again = { content: 'meanwhile', conversation_id, client_message_id: crypto.randomUUID() };
    for (const frame of [again, { content: 'into a new one' }]) {
      client.send({ type: 'user_message', ref: 'r1', ...frame });
      const error = await client.next('error');
      expect(error).toMatchObject({ scope: 'frame', code: 'UNAVAILABLE', retryable: true, ref: 'r1' });
      if ('client_message_id' in frame) expect(error['client_message_id']).toBe(frame.client_message_id);
    }
    expect(client.of('ack')).toHaveLength(acks);
    expect(client.closed).toBeNull();

    proxy.heal();
    client.send({ type: 'user_message', ...again });
    expect(await client.next('ack')).toMatchObject({ client_message_id: again.client_message_id, conversation_id });
    expect(await client.next('done')).toMatchObject({ status: 'completed' });
    await client.close();
    const { body } = await plain.call(`/api/${person.slug}/conversations/${String(conversation_id)}/messages`, {
      token: person.token,
    });
    const stored = (body['data'] as unknown as { content: string; role: string }[]).filter(
      ({ role }) => role === 'user',
    );
    expect(stored.map(({ content }) => content)).toEqual(['before', 'meanwhile']);
  });
});
