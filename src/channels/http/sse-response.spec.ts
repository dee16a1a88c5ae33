import { EventEmitter } from 'node:events';
import type { Response } from 'express';
import type { RequestContext } from '#platform/context';
import { loadConfig } from '#platform/config';
import { EventBus } from '#platform/events';
import { createLogger } from '#platform/logging';
import { EventStreams } from './event-streams.js';
import { SseResponse } from './sse-response.js';

const CTX: RequestContext = {
  tenantId: 't',
  correlationId: 'c',
  principal: { id: 'p', role: 'end_user', persona: null, sessionId: 's' },
};

class FakeResponse extends EventEmitter {
  headersSent = false;
  destroyed = false;
  writableNeedDrain = false;
  writableLength = 0;
  body = '';
  status(): this {
    return this;
  }
  set(): this {
    return this;
  }
  flushHeaders(): void {
    this.headersSent = true;
  }
  write(text: string): boolean {
    this.body += text;
    return true;
  }
  end(): void {
    this.emit('close');
  }
  destroy(): void {
    this.destroyed = true;
    this.emit('close');
  }
}

function world() {
  const response = new FakeResponse();
  const streams = new EventStreams(new EventBus(createLogger({ level: 'silent' })), loadConfig({}));
  let ends = 0;
  const stream = new SseResponse(CTX, response as unknown as Response, streams, () => ends++);
  return { response, streams, stream, ends: () => ends };
}

describe('a response of server-sent events', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  it('sends nothing before its first event, so that an error can still be a problem', () => {
    const { response, stream } = world();
    expect(response.headersSent).toBe(false);
    stream.event('ack', 7, '{"a":1}');
    expect(response.headersSent).toBe(true);
    expect(response.body).toBe('event: ack\nid: 7\ndata: {"a":1}\n\n');
  });

  it('keeps proxies from giving up while nothing happens, until it ends', () => {
    const { response, stream, ends } = world();
    stream.begin();
    jest.advanceTimersByTime(30_000);
    expect(response.body).toBe(': keep-alive\n\n: keep-alive\n\n');
    stream.end();
    jest.advanceTimersByTime(60_000);
    expect(response.body).toBe(': keep-alive\n\n: keep-alive\n\n');
    expect(ends()).toBe(1);
  });

  it('is given up when too much is unread', () => {
    const { response, stream, ends } = world();
    stream.event('token', 1, '{}');
    response.writableLength = 2 * 1024 * 1024;
    stream.event('token', 2, '{}');
    stream.event('token', 3, '{}');
    expect(response.destroyed).toBe(true);
    expect(response.body).not.toContain('id: 2');
    expect([ends(), stream.open]).toEqual([1, false]);
  });

  it('ends when its reader leaves, and with the server', () => {
    const left = world();
    left.stream.begin();
    left.response.emit('close');
    expect([left.ends(), left.stream.open]).toEqual([1, false]);
    const open = world();
    open.stream.begin();
    open.streams.announceDrain();
    open.streams.endAll();
    expect(open.response.body).toContain('event: server_draining');
    expect(open.ends()).toBe(1);
  });

  it('waits for its reader during a replay', async () => {
    const { response, stream } = world();
    stream.begin();
    response.writableNeedDrain = true;
    let went = false;
    const waiting = stream.drained().then(() => (went = true));
    await Promise.resolve();
    expect(went).toBe(false);
    response.emit('drain');
    await waiting;
    expect(went).toBe(true);
  });
});
