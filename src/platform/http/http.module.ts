import { Global, Module } from '@nestjs/common';
import { APP_FILTER, APP_INTERCEPTOR, APP_PIPE } from '@nestjs/core';
import { ExpiryModule } from '#platform/expiry';
import { MetricsModule } from '#platform/metrics';
import { CreatesInterceptor } from './creates.interceptor.js';
import { EtagInterceptor } from './etag.interceptor.js';
import { HttpConnections } from './http-connections.js';
import { IdempotencyExpiry } from './idempotency.expiry.js';
import { IdempotencyKeys } from './idempotency.js';
import { ProblemFilter } from './problem.filter.js';
import { ProxyHint } from './proxy-hint.js';
import { SchemaValidationPipe } from './schema-validation.pipe.js';
import { UnknownQueryInterceptor } from './unknown-query.interceptor.js';

/** The filter, pipe and interceptors that every controller shares. The guards are `auth`'s. */
@Global()
@Module({
  imports: [ExpiryModule, MetricsModule],
  providers: [
    HttpConnections,
    IdempotencyExpiry,
    IdempotencyKeys,
    ProxyHint,
    { provide: APP_FILTER, useClass: ProblemFilter },
    { provide: APP_PIPE, useClass: SchemaValidationPipe },
    { provide: APP_INTERCEPTOR, useClass: UnknownQueryInterceptor },
    { provide: APP_INTERCEPTOR, useClass: CreatesInterceptor },
    { provide: APP_INTERCEPTOR, useClass: EtagInterceptor },
  ],
  exports: [HttpConnections, IdempotencyKeys, ProxyHint],
})
export class HttpModule {}
