import { setMaxListeners } from 'node:events';
import { Injectable } from '@nestjs/common';

/** What all channels ask: whether the server is going to stop, and whether the time for it has come. */
@Injectable()
export class ChannelsState {
  draining = false;
  private readonly goodbye = new AbortController();

  constructor() {
    // Every request that waits for its turn listens.
    setMaxListeners(0, this.goodbye.signal);
  }

  /** Aborted once running turns had their time: whoever still waits for one is sent away, the turn goes on elsewhere. */
  get ended(): AbortSignal {
    return this.goodbye.signal;
  }

  end(): void {
    this.goodbye.abort();
  }
}
