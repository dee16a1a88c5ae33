import type { AgentDefinition } from '../catalog/agent.types.js';
import type { RetrievedDoc, AgentTask } from './supervisor.state.js';
import type { Section } from './section-stream.js';
import type { TurnRun } from '../turn/turn-run.js';
import type { AwaitingInput } from '../turn/turn.types.js';

export interface AgentResult {
  readonly awaiting: AwaitingInput | null;
  readonly retrieved: readonly RetrievedDoc[];
}

export const ANSWERED: AgentResult = { awaiting: null, retrieved: [] };

/**
 * One kind of agent: answers its part of the message into its section. Expected failures are said in the section; what it
 * throws is a failure of the part (of the turn, when no other part succeeds) or the abort.
 */
export type AgentKindRunner = (
  run: TurnRun,
  agent: AgentDefinition,
  task: AgentTask,
  section: Section,
) => Promise<AgentResult>;
