import { LlmModule, LlmService } from '#llm';
import { LOGGER, type Logger } from '#platform/logging';
import { TenantSettingsCache, TenantsModule } from '#tenants';
import { MatchingService, RagModule, RetrievalService } from '#rag';
import { ToolExecutor, ToolsModule } from '#tools';
import { Module } from '@nestjs/common';
import { AgentAdminService } from './catalog/agent-admin.service.js';
import { AgentsController } from './catalog/agents.controller.js';
import { AgentRepository } from './catalog/agent.repository.js';
import { AgentService } from './catalog/agent.service.js';
import { AgentRuntime } from './turn/agent-runtime.js';
import { buildDomainAgent } from './kinds/domain/domain.agent.js';
import { ToolRunner } from './kinds/domain/tool-runner.js';
import { knowledgeAgent } from './kinds/knowledge/knowledge.agent.js';
import { buildMatchingAgent } from './kinds/matching/matching.agent.js';
import { ProfileRepository } from './kinds/matching/profile.repository.js';
import { TitleWriter } from './turn/title-writer.js';
import { writerAgent } from './kinds/writer/writer.agent.js';

@Module({
  imports: [LlmModule, TenantsModule, ToolsModule, RagModule],
  controllers: [AgentsController],
  providers: [
    AgentRepository,
    AgentService,
    AgentAdminService,
    ProfileRepository,
    {
      provide: AgentRuntime,
      inject: [
        AgentRepository,
        ProfileRepository,
        TenantSettingsCache,
        LlmService,
        ToolExecutor,
        RetrievalService,
        MatchingService,
        LOGGER,
      ],
      useFactory: (
        directory: AgentRepository,
        profiles: ProfileRepository,
        settings: TenantSettingsCache,
        llm: LlmService,
        tools: ToolExecutor,
        passages: RetrievalService,
        matcher: MatchingService,
        logger: Logger,
      ) =>
        new AgentRuntime({
          directory,
          settings,
          llm,
          logger,
          passages,
          kinds: {
            domain: buildDomainAgent(new ToolRunner(tools)),
            knowledge: knowledgeAgent,
            matching: buildMatchingAgent(matcher, profiles),
            writer: writerAgent,
          },
        }),
    },
    {
      provide: TitleWriter,
      inject: [LlmService, LOGGER],
      useFactory: (llm: LlmService, logger: Logger) => new TitleWriter(llm, logger),
    },
  ],
  exports: [AgentRuntime, AgentRepository, AgentService, TitleWriter],
})
export class AgentsModule {}
