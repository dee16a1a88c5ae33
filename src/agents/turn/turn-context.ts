import type { ChatModel } from '#llm';
import type { RequestContext } from '#platform/context';
import type { Logger } from '#platform/logging';
import type { TenantSettings } from '#tenants';
import type { AgentDefinition } from '../catalog/agent.types.js';
import type { AgentRecords } from './agent-records.js';
import type { Retrievals } from './retrievals.js';
import type { TenantVoice } from './tenant-voice.js';
import type { StatusStep, TurnEventSink } from './turn-event.js';
import type { TurnNotes } from './turn-notes.js';
import type { TurnUsage } from './turn-usage.js';
import type { TurnInput } from './turn.types.js';

/**
 * Who asks, what for, and what to answer with: read-only services of one run. What the run finds out is the graph's state;
 * what it notes in passing (cost, time, a step that fell back) is collected here and taken into the state after each node.
 */
export interface TurnContext {
  readonly ctx: RequestContext;
  readonly input: TurnInput;
  readonly settings: TenantSettings;
  readonly signal: AbortSignal;
  readonly emit: TurnEventSink;
  readonly log: Logger;
  /** Agents that this caller may use. */
  readonly agents: readonly AgentDefinition[];
  /** The tenant's others. */
  readonly others: readonly AgentDefinition[];
  readonly entitlements: readonly string[];
  /** Null: offline. */
  readonly model: ChatModel | null;
  readonly voice: TenantVoice;
  readonly retrievals: Retrievals;
  readonly records: AgentRecords;
  readonly usage: TurnUsage;
  readonly notes: TurnNotes;
}

export function status(turn: TurnContext, step: StatusStep, extra: { agent?: string; tool?: string } = {}): void {
  if (turn.signal.aborted) return;
  const agent = extra.agent === undefined ? undefined : turn.agents.find(({ key }) => key === extra.agent);
  const named = agent === undefined ? extra : { ...extra, agent_name: agent.name };
  turn.emit({ type: 'status', step, message: turn.voice.status(step), ...named });
}

/** Adds the time that `work` took to the step's sum, also when it fails. */
export async function timed<T>(turn: TurnContext, step: string, work: () => Promise<T>): Promise<T> {
  const start = performance.now();
  try {
    return await work();
  } finally {
    turn.notes.took(step, performance.now() - start);
  }
}
