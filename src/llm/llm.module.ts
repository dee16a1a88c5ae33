import { Module } from '@nestjs/common';
import { HealthModule } from '#platform/health';
import { MetricsModule } from '#platform/metrics';
import { LlmService } from './llm.service.js';
import { ProviderWatch } from './provider-watch.js';

@Module({ imports: [HealthModule, MetricsModule], providers: [LlmService, ProviderWatch], exports: [LlmService] })
export class LlmModule {}
