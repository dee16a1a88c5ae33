/**
 * The agents: supervisor graph, domain and knowledge agents, their runtime.
 *
 *   AgentRuntime.run(ctx, input, emit, signal)
 *     guard -> route -> agents (side by side) -> compose -> TurnAnswer
 *
 * Owns what happens between a message and its answer. It reads agents, tools and passages through short units of work,
 * emits `TurnEvent`s synchronously while it works (what each model call cost among them), and returns one `TurnAnswer`; it stores nothing of the conversation.
 */
export type { StatusStep, TurnEvent, TurnEventSink } from './turn/turn-event.js';
export type {
  AnswerPayload,
  AwaitingInput,
  Citation,
  HistoryMessage,
  TurnAnswer,
  TurnInput,
} from './turn/turn.types.js';
// What a turn costs is told here and written by `conversations`, which does not look further down.
export { insertUsage, recordUsage, type UsageEntry, type UsageRow, usageRow } from '#llm';
export { AgentRepository } from './catalog/agent.repository.js';
export { AgentService, type AgentView, type NewAgent } from './catalog/agent.service.js';
export { AgentRuntime } from './turn/agent-runtime.js';
export { AgentsModule } from './agents.module.js';
export { TitleWriter } from './turn/title-writer.js';
