import { Global, Module } from '@nestjs/common';
import { MetricsModule } from '#platform/metrics';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { MetricsController } from './metrics.controller.js';
import { PlatformChecks } from './platform-checks.js';

@Global()
@Module({
  imports: [MetricsModule],
  controllers: [HealthController, MetricsController],
  providers: [HealthService, PlatformChecks],
  exports: [HealthService],
})
export class HealthModule {}
