import type { AgentDefinition, AgentKind } from '../catalog/agent.types.js';
import type { AwaitingInput } from '../turn/turn.types.js';
import type { Section } from './section-stream.js';
import type { SupervisorRun } from './supervisor.run.js';
import type { PartTask, RetrievedDoc } from './supervisor.state.js';

/** The end of a kind's walk. */
export const DONE = 'compose';

/** Where a kind's node stands: whose part it answers, where it writes, and what the nodes before it left. */
export interface Part<Work> {
  readonly run: SupervisorRun;
  readonly agent: AgentDefinition;
  readonly task: PartTask;
  readonly section: Section;
  readonly work: Partial<Work>;
}

/** What a kind's node leaves; all of it goes into the state. */
export interface PartUpdate<Work> {
  /** For the nodes after it; plain data. */
  readonly work?: Partial<Work>;
  readonly awaiting?: AwaitingInput | null;
  readonly retrieved?: readonly RetrievedDoc[];
  /** Ids of the passages that were written from. */
  readonly sources?: readonly string[];
}

export interface KindNode<Work> {
  /**
   * Expected failures are said in the section; what it throws is a failure of the part (of the turn, when it is the only
   * one) or the abort.
   */
  run(part: Part<Work>): Promise<PartUpdate<Work>>;
  /** The node after it: always the same, or one of `ends` by what is known now. */
  readonly next: string | { readonly ends: readonly string[]; after(work: Partial<Work>): string };
}

/**
 * One kind of agent, as nodes and edges that the supervisor adds to its graph. Node names are the graph's: no two kinds may
 * use the same.
 */
export interface KindGraph<Work = object> {
  readonly kind: AgentKind;
  readonly entry: string;
  readonly nodes: Readonly<Record<string, KindNode<Work>>>;
}

/** A kind that is a single node. */
export function oneNode(kind: AgentKind, name: string, run: KindNode<object>['run']): KindGraph {
  return { kind, entry: name, nodes: { [name]: { run, next: DONE } } };
}
