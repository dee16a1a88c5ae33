import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LangChainChatModel } from './langchain.chat-model.js';
import { OpenAiEmbedder } from './openai.embedder.js';
import { OpenAiWireChatModel } from './openai-wire.chat-model.js';
import { ProviderConnection } from './provider-connection.js';

const KEY = 'a key that looks like none';

/** A provider that sends its callers somewhere else: the key, and what people wrote, stay with the one that was configured. */
describe('a provider that redirects', () => {
  let servers: Server[];
  let connection: ProviderConnection;
  let elsewhere: string;
  const asked: IncomingMessage[] = [];
  const strayed: IncomingMessage[] = [];
  let redirect = { status: 307, to: '/' };

  const listen = async (listener: RequestListener): Promise<string> => {
    const server = createServer(listener);
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  beforeAll(async () => {
    servers = [];
    elsewhere = await listen((request, response) => {
      strayed.push(request);
      response.end('{}');
    });
    const provider = await listen((request, response) => {
      (request.url?.startsWith('/v1/') === true ? asked : strayed).push(request);
      response.writeHead(redirect.status, { location: redirect.to }).end(`moved, ${KEY} and all`);
    });
    const deadlines = { connectMs: 5000, firstByteMs: 5000, idleMs: 5000, totalMs: 10_000 };
    const endpoint = { provider: 'openai', model: 'stand-in', baseUrl: `${provider}/v1`, apiKey: KEY };
    connection = new ProviderConnection(endpoint, deadlines);
  });
  beforeEach(() => {
    asked.length = 0;
    strayed.length = 0;
  });
  afterAll(async () => {
    await connection.close();
    for (const server of servers) await new Promise((resolve) => server.close(resolve));
  });

  const { signal } = new AbortController();
  const request = { messages: [{ role: 'user' as const, content: 'Hello' }], purpose: 'answer' as const };
  const calls: [string, () => Promise<unknown>][] = [
    ['the fast reader', () => fast().stream(request, ignore, signal, ignore)],
    ['the LangChain adapter', () => slow().stream(request, ignore, signal, ignore)],
    ['the embedder', () => new OpenAiEmbedder(connection).embed(['Hello'], 'query', signal, ignore)],
  ];
  const slow = () => new LangChainChatModel(connection);
  const fast = () => new OpenAiWireChatModel(connection, slow());
  const ignore = () => undefined;

  describe.each(calls)('is not followed by %s', (_name, call) => {
    it.each([301, 302, 303, 307, 308])('with %s, to another server or elsewhere on its own', async (status) => {
      for (const to of [elsewhere, '/other', connection.endpoint.baseUrl.replace('127.0.0.1', 'localhost')]) {
        redirect = { status, to };
        await expect(call()).rejects.toMatchObject({
          code: 'LLM_ERROR',
          message: expect.not.stringContaining('moved'),
          status,
          detail: expect.not.stringContaining(KEY),
        });
      }
      expect([asked.length, strayed.length]).toEqual([3, 0]);
    });
  });
});
