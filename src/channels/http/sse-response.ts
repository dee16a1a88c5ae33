import type { Response } from 'express';
import type { RequestContext } from '#platform/context';
import type { EventStreams, OpenStream } from './event-streams.js';

/** A reader that leaves this many bytes unread is too slow; it comes back with `Last-Event-ID`. */
const HIGH_WATER_BYTES = 1024 * 1024;
/** Shorter than what proxies commonly wait for a byte. */
const KEEP_ALIVE_MS = 15_000;

/** One response as a stream of server-sent events. Nothing is sent before the first event, so that errors stay problems. */
export class SseResponse implements OpenStream {
  private keepAlive: NodeJS.Timeout | undefined;
  private ended = false;

  /** @param onEnd called once, whoever ends the stream */
  constructor(
    readonly ctx: RequestContext,
    private readonly response: Response,
    private readonly streams: EventStreams,
    private readonly onEnd: () => void,
  ) {
    response.once('close', () => this.leave());
  }

  get open(): boolean {
    return !this.ended && !this.response.destroyed;
  }

  /** Sends the head; called by the first event at the latest. */
  begin(): void {
    if (!this.open || this.response.headersSent) return;
    this.response.status(200).set({
      'Content-Type': 'text/event-stream; charset=utf-8',
      'Cache-Control': 'no-cache, no-transform',
      'X-Accel-Buffering': 'no',
    });
    this.response.flushHeaders();
    this.streams.add(this);
    this.keepAlive = setInterval(() => this.write(': keep-alive\n\n'), KEEP_ALIVE_MS);
    this.keepAlive.unref();
  }

  /** @param data JSON, hence without line breaks */
  event(type: string, seq: number | undefined, data: string): void {
    this.begin();
    this.write(`event: ${type}\n${seq === undefined ? '' : `id: ${seq}\n`}data: ${data}\n\n`);
  }

  /** Resolves when the reader has read enough for more; for replays, whose size is not its fault. */
  async drained(): Promise<void> {
    if (!this.open || !this.response.writableNeedDrain) return;
    await new Promise<void>((resolve) => {
      const done = (): void => {
        this.response.off('drain', done).off('close', done);
        resolve();
      };
      this.response.once('drain', done).once('close', done);
    });
  }

  announceDrain(): void {
    if (this.response.headersSent) this.event('server_draining', undefined, '{"type":"server_draining"}');
  }

  end(): void {
    if (!this.open) return;
    this.leave();
    this.response.end();
  }

  private write(text: string): void {
    if (!this.open) return;
    if (this.response.writableLength > HIGH_WATER_BYTES) {
      this.leave();
      this.response.destroy();
      return;
    }
    this.response.write(text);
  }

  private leave(): void {
    if (this.ended) return;
    this.ended = true;
    clearInterval(this.keepAlive);
    this.streams.remove(this);
    this.onEnd();
  }
}
