import { END, START, StateGraph } from '@langchain/langgraph/web';
import { type AgentKinds, buildAgentNode } from './agent.node.js';
import { composeNode } from './compose.node.js';
import { replyNode } from './reply.node.js';
import { routeNode } from './route.node.js';
import { SupervisorState } from './supervisor.state.js';

/**
 *   START ─▶ route ─┬─ Send for each intent ─▶ agent (side by side) ─┬─▶ compose ─▶ END
 *                   └─ no agent needed ──────▶ respond ──────────────┘
 *
 * Three supersteps. Returned uncompiled: `AgentRuntime` compiles it once, tests with nodes of their own.
 */
export function buildSupervisorGraph(kinds: AgentKinds) {
  return new StateGraph(SupervisorState)
    .addNode('route', routeNode, { ends: ['agent', 'respond'] })
    .addNode('agent', buildAgentNode(kinds))
    .addNode('respond', replyNode)
    .addNode('compose', composeNode)
    .addEdge(START, 'route')
    .addEdge('agent', 'compose')
    .addEdge('respond', 'compose')
    .addEdge('compose', END);
}
