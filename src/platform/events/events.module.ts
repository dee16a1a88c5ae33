import { Global, Module } from '@nestjs/common';
import { EventBus } from './event-bus.js';
import { EventRelay } from './event-relay.js';

@Global()
@Module({ providers: [EventBus, EventRelay], exports: [EventBus] })
export class EventsModule {}
