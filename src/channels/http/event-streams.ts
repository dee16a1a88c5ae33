import { Injectable } from '@nestjs/common';

export interface OpenStream {
  announceDrain(): void;
  end(): void;
}

/** The server-sent event streams that are open, so that a stopping server can end them. */
@Injectable()
export class EventStreams {
  private readonly open = new Set<OpenStream>();

  add(stream: OpenStream): void {
    this.open.add(stream);
  }

  remove(stream: OpenStream): void {
    this.open.delete(stream);
  }

  announceDrain(): void {
    for (const stream of this.open) stream.announceDrain();
  }

  endAll(): void {
    for (const stream of [...this.open]) stream.end();
  }
}
