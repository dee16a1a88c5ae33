import { LlmModule, LlmService } from '#llm';
import { LOGGER, type Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { TenantSettingsCache, TenantsModule } from '#tenants';
import { MatchingService, RagModule, RetrievalService } from '#rag';
import { ToolExecutor, ToolsModule } from '#tools';
import { Module } from '@nestjs/common';
import { AgentDirectoryCache } from './catalog/agent-directory.cache.js';
import { AgentRepository } from './catalog/agent.repository.js';
import { AgentService } from './catalog/agent.service.js';
import { AgentsController } from './catalog/agents.controller.js';
import { domainKind } from './kinds/domain/domain.agent.js';
import { type CallerAddresses, CallerRepository } from './kinds/domain/caller.repository.js';
import { ToolRunner } from './kinds/domain/tool-runner.js';
import { knowledgeKind } from './kinds/knowledge/knowledge.agent.js';
import { matchingKind, type ProfileSource } from './kinds/matching/matching.agent.js';
import { ProfileRepository } from './kinds/matching/profile.repository.js';
import { writerKind } from './kinds/writer/writer.agent.js';
import { modelSteps } from './model/model-steps.js';
import { offlineSteps } from './offline/offline-steps.js';
import { Supervisor } from './supervisor/supervisor.js';
import { AgentRuntime, type RuntimeDependencies } from './turn/agent-runtime.js';
import { TitleWriter } from './turn/title-writer.js';

export interface RuntimeParts extends Omit<RuntimeDependencies, 'llm' | 'records' | 'supervisor'> {
  readonly llm: Pick<LlmService, 'chatModel' | 'embedder'>;
  readonly tools: Pick<ToolExecutor, 'execute'>;
  readonly matcher: Pick<MatchingService, 'catalog' | 'match'>;
  readonly profiles: ProfileSource;
  readonly callers: CallerAddresses;
  /** Counts the steps that fell back; absent where nobody looks at figures. */
  readonly metrics?: Pick<Metrics, 'stepFellBack'>;
}

/** The one place where kinds, and steps with and without a model, are put together. */
export function composeRuntime({ callers, matcher, metrics, profiles, tools, ...rest }: RuntimeParts): AgentRuntime {
  const { llm } = rest;
  const kinds = [
    domainKind(new ToolRunner(tools), callers),
    knowledgeKind,
    matchingKind(matcher, profiles),
    writerKind,
  ];
  const offline = offlineSteps({ embedder: () => llm.embedder() });
  const supervisor = new Supervisor(kinds, (turn) =>
    // An echo says nothing about the message, so nothing but the answer may be asked of it.
    turn.model?.provider === 'echo' ? offline : modelSteps(turn, offline, metrics),
  );
  return new AgentRuntime({ ...rest, records: matcher, supervisor });
}

@Module({
  imports: [LlmModule, TenantsModule, ToolsModule, RagModule],
  controllers: [AgentsController],
  providers: [
    AgentRepository,
    AgentService,
    AgentDirectoryCache,
    ProfileRepository,
    CallerRepository,
    {
      provide: AgentRuntime,
      inject: [
        AgentDirectoryCache,
        ProfileRepository,
        CallerRepository,
        TenantSettingsCache,
        LlmService,
        ToolExecutor,
        RetrievalService,
        MatchingService,
        LOGGER,
        Metrics,
      ],
      useFactory: (
        directory: AgentDirectoryCache,
        profiles: ProfileRepository,
        callers: CallerRepository,
        settings: TenantSettingsCache,
        llm: LlmService,
        tools: ToolExecutor,
        passages: RetrievalService,
        matcher: MatchingService,
        logger: Logger,
        metrics: Metrics,
      ) => composeRuntime({ directory, profiles, callers, settings, llm, tools, passages, matcher, logger, metrics }),
    },
    {
      provide: TitleWriter,
      inject: [LlmService, LOGGER, Metrics],
      useFactory: (llm: LlmService, logger: Logger, metrics: Metrics) => new TitleWriter(llm, logger, metrics),
    },
  ],
  exports: [AgentRuntime, AgentDirectoryCache, AgentService, TitleWriter],
})
export class AgentsModule {}
