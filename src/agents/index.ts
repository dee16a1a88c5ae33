/**
 * What happens between a message and its answer. Data goes one way:
 *
 *   conversations ─ TurnInput ─▶ turn/ AgentRuntime     settings, agents, model ─▶ TurnContext
 *                                  └▶ supervisor/       route ─▶ nodes of the agents' kinds ─▶ compose ─▶ TurnAnswer
 *                                       └▶ kinds/       domain, knowledge, matching, writer: what an agent does, step by step
 *                                            └▶ steps/  the ports of what may need a model
 *                                                 ├─ model/    on one, with its prompts
 *                                                 └─ offline/  without one
 *
 * `catalog/` knows what an agent is and owns its rows; `agents.module.ts` alone puts kinds and steps together. Agents, tools
 * and passages are read through short units of work; `TurnEvent`s are emitted synchronously on the way (what each model call
 * cost among them); nothing of the conversation is stored here.
 */
export type { StatusStep, TurnEvent, TurnEventSink } from './turn/turn-event.js';
export type {
  AnswerPayload,
  AwaitingInput,
  Citation,
  HistoryMessage,
  PersonCall,
  TurnAnswer,
  TurnInput,
} from './turn/turn.types.js';
// What a turn costs is told here and written by `conversations`, which does not look further down.
export { insertUsage, recordUsage, type UsageEntry, type UsageRow, usageRow } from '#llm';
export { AgentDirectoryCache } from './catalog/agent-directory.cache.js';
export { AgentService, type AgentView, type NewAgent } from './catalog/agent.service.js';
export { AgentRuntime } from './turn/agent-runtime.js';
export { AgentsModule } from './agents.module.js';
export { titleFromQuestion, TitleWriter } from './turn/title-writer.js';
