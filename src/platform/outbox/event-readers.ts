import type { TenantTx } from '#platform/database';
import { Injectable } from '@nestjs/common';
import type { EventSubject, EventType } from './event-types.js';

/** Reads what an event is about, as the API shows it; null when it is gone: then nobody is told any more. */
export type EventReader = (tx: TenantTx, subject: EventSubject) => Promise<object | null>;

/** What events say. Each module registers a reader for those of its own rows, so that whoever tells them knows no module. */
@Injectable()
export class EventReaders {
  private readonly readers = new Map<EventType, EventReader>();

  register(types: readonly EventType[], reader: EventReader): void {
    for (const type of types) {
      if (this.readers.has(type)) throw new Error(`Two modules say what ${type} is about`);
      this.readers.set(type, reader);
    }
  }

  async read(tx: TenantTx, type: EventType, subject: EventSubject): Promise<object | null> {
    return (await this.readers.get(type)?.(tx, subject)) ?? null;
  }
}
