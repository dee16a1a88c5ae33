import type { AgentKind } from '../catalog/agent.types.js';
import type { KindGraph } from './agent-kind.js';
import { composeNode } from './compose.node.js';
import { kindNode } from './kind.node.js';
import { END, type RunnableConfig, START, StateGraph } from './langgraph.js';
import { agentNode } from './agent.node.js';
import { replyNode } from './reply.node.js';
import { routeNode } from './route.node.js';
import { SupervisorState, type SupervisorStateType } from './supervisor.state.js';

/** The graph as far as we build it: node names come from the kinds, so its own types cannot know them. */
interface Builder {
  addNode(name: string, node: unknown, options?: { ends: readonly string[] }): Builder;
  addEdge(from: string, to: string): Builder;
  addConditionalEdges(from: string, after: (state: SupervisorStateType) => string, ends: readonly string[]): Builder;
  compile(): CompiledGraph;
}

export interface CompiledGraph {
  invoke(state: Partial<SupervisorStateType>, config?: RunnableConfig): Promise<SupervisorStateType>;
  /** For drawing. */
  getGraphAsync(): Promise<{ readonly nodes: object; readonly edges: readonly { source: string; target: string }[] }>;
}

/**
 *   START ─▶ route ─┬─ one part ────▶ first node of its agent's kind ─▶ … ─▶ compose ─▶ END
 *                   ├─ several ─────▶ agent, side by side: each walks a graph of its own from there on, so that none waits for
 *                   │                 another's step ────────────────────▶ compose
 *                   └─ no agent ────▶ respond ───────────────────────────▶ compose
 *
 *   knowledge   retrieve ─▶ grade ─ poor ─▶ rewrite ─▶ retrieve          domain   choose ─▶ extract ─ missing ─▶ ask
 *                             └─ good ─▶ write                                      ▲          └─▶ call ─▶ answer
 *   matching    match         writer   draft                                       └──────────────┘
 *
 * Five supersteps for a question to the documents. Returned uncompiled: `Supervisor` compiles it once.
 */
export function buildSupervisorGraph(kinds: readonly KindGraph[]): Builder {
  const entries = new Map<AgentKind, string>(kinds.map(({ entry, kind }) => [kind, entry]));
  const entryOf = (kind: AgentKind): string => {
    const entry = entries.get(kind);
    if (entry === undefined) throw new Error(`No nodes answer for agents of the kind ${kind}`);
    return entry;
  };
  const firstNodes = [...new Set(entries.values())];
  const graph = new StateGraph(SupervisorState) as unknown as Builder;
  graph
    .addConditionalEdges(START, ({ part }) => (part === null ? 'route' : entryOf(part.kind)), ['route', ...firstNodes])
    .addNode('route', routeNode(entryOf), { ends: ['agent', 'respond', ...firstNodes] })
    .addNode('agent', agentNode)
    .addNode('respond', replyNode)
    .addNode('compose', composeNode)
    .addEdge('agent', 'compose')
    .addEdge('respond', 'compose')
    .addEdge('compose', END);
  for (const { nodes } of kinds) {
    for (const [name, node] of Object.entries(nodes)) {
      graph.addNode(name, kindNode(node));
      if (typeof node.next === 'string') graph.addEdge(name, node.next);
      else {
        const { next } = node;
        graph.addConditionalEdges(name, ({ work }) => next.after(work), next.ends);
      }
    }
  }
  return graph;
}
