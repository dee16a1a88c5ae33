import { LlmModule, LlmService } from '#llm';
import { AppConfig } from '#platform/config';
import { LOGGER, type Logger } from '#platform/logging';
import { Metrics } from '#platform/metrics';
import { builtFile } from '#platform/paths';
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
import { SentenceEncoder } from './offline/encoder/sentence-encoder.js';
import { WorkerSentenceEncoder } from './offline/encoder/worker.sentence-encoder.js';
import { offlineSteps } from './offline/offline-steps.js';
import { Supervisor } from './supervisor/supervisor.js';
import { AgentRuntime, type RuntimeDependencies } from './turn/agent-runtime.js';
import { TitleWriter } from './turn/title-writer.js';

export interface RuntimeParts extends Omit<RuntimeDependencies, 'llm' | 'records' | 'supervisor'> {
  readonly llm: Pick<LlmService, 'chatModel' | 'embedder' | 'reckon'>;
  readonly tools: Pick<ToolExecutor, 'execute'>;
  readonly matcher: Pick<MatchingService, 'catalog' | 'match'>;
  readonly profiles: ProfileSource;
  readonly callers: CallerAddresses;
  /** Counts the steps that fell back; absent where nobody looks at figures. */
  readonly metrics?: Pick<Metrics, 'stepFellBack'>;
  /** For routing without a model; absent: by words alone. */
  readonly encoder?: SentenceEncoder;
}

/** The one place where kinds, and steps with and without a model, are put together. */
export function composeRuntime(parts: RuntimeParts): AgentRuntime {
  const { callers, encoder, matcher, metrics, profiles, tools, ...rest } = parts;
  const { llm } = rest;
  const kinds = [
    domainKind(new ToolRunner(tools), callers),
    knowledgeKind,
    matchingKind(matcher, profiles),
    writerKind,
  ];
  const embedders = { embedder: () => llm.embedder() };
  const offline = offlineSteps(embedders);
  const withoutModel = encoder === undefined ? offline : offlineSteps(embedders, encoder);
  const supervisor = new Supervisor(kinds, (turn) => {
    if (turn.model === null) return withoutModel;
    // An echo says nothing about the message, so nothing but the answer may be asked of it.
    return turn.model.provider === 'echo' ? offline : modelSteps(turn, offline, metrics);
  });
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
      provide: SentenceEncoder,
      inject: [LOGGER],
      useFactory: (logger: Logger) =>
        new WorkerSentenceEncoder(builtFile('agents/offline/encoder/encoder.worker.js'), logger),
    },
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
        SentenceEncoder,
        AppConfig,
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
        encoder: SentenceEncoder,
        { env }: AppConfig,
      ) =>
        composeRuntime({
          ...{ directory, profiles, callers, settings, llm, tools, passages, matcher, logger, metrics },
          embeddings: passages,
          ...(env.SENTENCE_ENCODER ? { encoder } : {}),
        }),
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
