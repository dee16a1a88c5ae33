import { Module } from '@nestjs/common';
import { HealthModule } from '#platform/health';
import { MetricsModule } from '#platform/metrics';
import { TenantsModule } from '#tenants';
import { CredentialRepository } from './credentials/credential.repository.js';
import { CredentialService } from './credentials/credential.service.js';
import { CredentialTester } from './credentials/credential.tester.js';
import { CredentialUses } from './credentials/credential-uses.js';
import { CredentialsController } from './credentials/credentials.controller.js';
import { LlmService } from './llm.service.js';
import { ProviderWatch } from './provider-watch.js';
import { UsageController } from './reports/usage.controller.js';
import { UsageRepository } from './reports/usage.repository.js';

@Module({
  imports: [HealthModule, MetricsModule, TenantsModule],
  controllers: [CredentialsController, UsageController],
  providers: [
    LlmService,
    ProviderWatch,
    CredentialRepository,
    CredentialService,
    CredentialTester,
    CredentialUses,
    UsageRepository,
  ],
  exports: [LlmService, CredentialService, CredentialUses],
})
export class LlmModule {}
