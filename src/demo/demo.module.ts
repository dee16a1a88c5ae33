import { AgentsModule } from '#agents';
import { AuthModule } from '#auth';
import { EscalationsModule } from '#escalations';
import { RagModule } from '#rag';
import { TenantsModule } from '#tenants';
import { ToolsModule } from '#tools';
import { Module } from '@nestjs/common';
import { DemoController } from './demo.controller.js';
import { DemoKnowledge } from './demo.knowledge.js';
import { DemoLogins } from './demo.logins.js';
import { DemoPeople } from './demo.people.js';
import { DemoSeeder } from './demo.seeder.js';

@Module({
  imports: [TenantsModule, AuthModule, ToolsModule, RagModule, AgentsModule, EscalationsModule],
  controllers: [DemoController],
  providers: [DemoLogins, DemoKnowledge, DemoPeople, DemoSeeder],
  exports: [DemoSeeder],
})
export class DemoModule {}
