import { AgentsModule } from '#agents';
import { AuthModule } from '#auth';
import { RagModule } from '#rag';
import { TenantsModule } from '#tenants';
import { ToolsModule } from '#tools';
import { Module } from '@nestjs/common';
import { DemoController } from './demo.controller.js';
import { DemoKnowledge } from './demo.knowledge.js';
import { DemoLogins } from './demo.logins.js';
import { DemoSeeder } from './demo.seeder.js';

@Module({
  imports: [TenantsModule, AuthModule, ToolsModule, RagModule, AgentsModule],
  controllers: [DemoController],
  providers: [DemoLogins, DemoKnowledge, DemoSeeder],
  exports: [DemoSeeder],
})
export class DemoModule {}
