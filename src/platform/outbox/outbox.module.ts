import { ExpiryModule } from '#platform/expiry';
import { Global, Module } from '@nestjs/common';
import { EventReaders } from './event-readers.js';
import { OutboxExpiry } from './outbox.expiry.js';

@Global()
@Module({ imports: [ExpiryModule], providers: [EventReaders, OutboxExpiry], exports: [EventReaders] })
export class OutboxModule {}
