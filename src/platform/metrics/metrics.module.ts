import { Global, Module } from '@nestjs/common';
import { Metrics } from './metrics.js';
import { PlatformFigures } from './platform-figures.js';

@Global()
@Module({ providers: [{ provide: Metrics, useFactory: () => new Metrics() }, PlatformFigures], exports: [Metrics] })
export class MetricsModule {}
