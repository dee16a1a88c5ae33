import type { RequestContext } from '#platform/context';
import { type ToolDefinition, type ToolExecutor, toolIdempotencyKey, type ToolResult, visibleTools } from '#tools';
import type { AgentDefinition } from '../../catalog/agent.types.js';
import type { TurnInput } from '../../turn/turn.types.js';

export interface ToolCall {
  readonly ctx: RequestContext;
  readonly input: TurnInput;
  readonly agent: AgentDefinition;
  readonly entitlements: readonly string[];
  readonly tool: ToolDefinition;
  readonly args: Readonly<Record<string, unknown>>;
  /** Which of this agent's equal calls in this turn it is, from 0. */
  readonly ordinal: number;
}

/** Calls tools for agents: knows the grants and gives each call its name. */
export class ToolRunner {
  constructor(private readonly executor: Pick<ToolExecutor, 'execute'>) {}

  /** The agent's tools that this caller may use, in the agent's order. */
  visible(ctx: RequestContext, agent: AgentDefinition, entitlements: readonly string[]): ToolDefinition[] {
    return visibleTools(agent.tools, {
      grants: { tools: agent.tools.map(({ key }) => key), entitlements },
      persona: ctx.principal.persona,
    });
  }

  /** Failures are values; rejects only when the turn was aborted or the journal cannot be written. */
  run(call: ToolCall, signal: AbortSignal): Promise<ToolResult> {
    const { agent, args, ctx, entitlements, input, ordinal, tool } = call;
    return this.executor.execute(tool, args, {
      ctx,
      turnId: input.turnId,
      conversationId: input.conversationId,
      run: { messageId: input.messageId, attempt: input.attempt, start: input.start },
      agentKey: agent.key,
      grants: { tools: agent.tools.map(({ key }) => key), entitlements },
      idempotencyKey: toolIdempotencyKey({
        tenantId: ctx.tenantId,
        messageId: input.messageId,
        agentKey: agent.key,
        toolKey: tool.key,
        args,
        ordinal,
      }),
      signal,
    });
  }
}
