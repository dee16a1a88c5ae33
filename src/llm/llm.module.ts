import { Module } from '@nestjs/common';
import { HealthModule } from '#platform/health';
import { MetricsModule } from '#platform/metrics';
import { TenantsModule } from '#tenants';
import { LlmService } from './llm.service.js';
import { ProviderWatch } from './provider-watch.js';

@Module({
  imports: [HealthModule, MetricsModule, TenantsModule],
  providers: [LlmService, ProviderWatch],
  exports: [LlmService],
})
export class LlmModule {}
