import type { AgentKind } from '../catalog/agent.types.js';
import { agentNode } from './agent.node.js';
import { DONE, type KindGraph } from './agent-kind.js';
import { composeNode } from './compose.node.js';
import { kindNode } from './kind.node.js';
import { END, plainNode, type RunnableConfig, START, StateGraph } from './langgraph.js';
import { replyNode } from './reply.node.js';
import { routeNode } from './route.node.js';
import { SupervisorState, type SupervisorStateType } from './supervisor.state.js';

/** The graph as far as we build it: node names come from the kinds, so its own types cannot know them. */
export interface GraphBuilder {
  addNode(name: string, node: unknown, options?: { ends: readonly string[] }): GraphBuilder;
  addEdge(from: string, to: string): GraphBuilder;
  compile(): CompiledGraph;
}

export interface CompiledGraph {
  invoke(state: Partial<SupervisorStateType>, config?: RunnableConfig): Promise<SupervisorStateType>;
  /** For drawing. */
  getGraphAsync(): Promise<{ readonly nodes: object; readonly edges: readonly { source: string; target: string }[] }>;
}

/**
 *   START ─▶ route ─┬─ one part ───▶ first node of its agent's kind ─▶ … ─▶ compose ─▶ END
 *                   ├─ several ────▶ agent, side by side: each walks its kind's graph on its own, so that none waits for
 *                   │                another's step ─────────────────────▶ compose
 *                   └─ no agent ───▶ respond ────────────────────────────▶ compose
 *
 *   knowledge   retrieve ─▶ grade ─ poor ─▶ rewrite ─▶ retrieve          domain   choose ─▶ extract ─ missing ─▶ ask
 *                             └─ good ─▶ write                                      ▲          └─▶ call ─▶ answer
 *   matching    match         writer   draft                                       └──────────────┘
 *
 * Five supersteps for a question to the documents. Returned uncompiled: `Supervisor` compiles it once.
 */
export function buildSupervisorGraph(kinds: readonly KindGraph[]): GraphBuilder {
  const entries = new Map<AgentKind, string>(kinds.map(({ entry, kind }) => [kind, entry]));
  const entryOf = (kind: AgentKind): string => {
    const entry = entries.get(kind);
    if (entry === undefined) throw new Error(`No nodes answer for agents of the kind ${kind}`);
    return entry;
  };
  const graph = newGraph()
    .addNode('route', plainNode('route', routeNode(entryOf)), { ends: ['agent', 'respond', ...entries.values()] })
    .addNode('agent', plainNode('agent', agentNode))
    .addNode('respond', plainNode('respond', replyNode))
    .addNode(DONE, plainNode(DONE, composeNode))
    .addEdge(START, 'route')
    .addEdge('agent', DONE)
    .addEdge('respond', DONE)
    .addEdge(DONE, END);
  for (const kind of kinds) addKind(graph, kind);
  return graph;
}

/** A kind's nodes alone, for one part of several. */
export function buildKindGraph(kind: KindGraph): GraphBuilder {
  const graph = newGraph()
    .addNode(
      DONE,
      plainNode(DONE, () => ({})),
    )
    .addEdge(START, kind.entry)
    .addEdge(DONE, END);
  return addKind(graph, kind);
}

function newGraph(): GraphBuilder {
  return new StateGraph(SupervisorState) as unknown as GraphBuilder;
}

/** Where a node goes by what it found, it says so itself (a `Command`): cheaper than a branch behind it, drawn the same. */
function addKind(graph: GraphBuilder, { nodes }: KindGraph): GraphBuilder {
  for (const [name, node] of Object.entries(nodes)) {
    const runnable = plainNode(name, kindNode(node));
    if (typeof node.next === 'string') graph.addNode(name, runnable).addEdge(name, node.next);
    else graph.addNode(name, runnable, { ends: node.next.ends });
  }
  return graph;
}
