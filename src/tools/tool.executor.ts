import { assertNoConnectionHeld } from '#platform/database';
import { LOGGER, type Logger } from '#platform/logging';
import { Inject, Injectable } from '@nestjs/common';
import { HttpTool } from './http.tool.js';
import { InputSchemaError } from './input-schema.js';
import { describeFaults, validateArguments } from './tool-arguments.js';
import { type CallStatus, ToolCallJournal } from './tool-call.journal.js';
import { builtinKeyOf, mayUse } from './tool.policy.js';
import { type BuiltinTool, ToolRegistry } from './tool.registry.js';
import { type ToolCallContext, type ToolDefinition, toolFailure, type ToolFailure, type ToolResult } from './tool.js';

type Arguments = Readonly<Record<string, unknown>>;

const BUILTIN_TIMEOUT_MS = 30_000;

const UNKNOWN_OUTCOME = toolFailure(
  'UNKNOWN_OUTCOME',
  'It is not known whether this was done, so it was not tried again. Please ask a person to check.',
);

/**
 * The one way to call a tool.
 *
 *   may it? ── are the arguments valid? ── journal (tools that change something) ── HTTP or built-in ── journal
 *
 * A model only ever proposes a call: permission is judged here, when it is made.
 */
@Injectable()
export class ToolExecutor {
  constructor(
    private readonly registry: ToolRegistry,
    private readonly http: HttpTool,
    private readonly journal: ToolCallJournal,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /**
   * Failures come back as values. Rejects with the signal's reason when the turn was aborted, and when the journal cannot
   * be written: then the call must not be made, or its outcome stays unknown.
   */
  async execute(definition: ToolDefinition, args: unknown, context: ToolCallContext): Promise<ToolResult> {
    assertNoConnectionHeld('A tool');
    context.signal.throwIfAborted();
    if (!mayUse(definition, { grants: context.grants, persona: context.ctx.principal.persona })) {
      return toolFailure('FORBIDDEN', 'This is not available to you here.');
    }
    const valid = this.validate(definition, args, context);
    if (!valid.ok) return valid;
    const result = definition.readOnly
      ? await this.run(definition, valid.value, context)
      : await this.runOnce(definition, valid.value, context);
    context.signal.throwIfAborted();
    return result;
  }

  private validate(
    definition: ToolDefinition,
    args: unknown,
    context: ToolCallContext,
  ): ToolFailure | { readonly ok: true; readonly value: Arguments } {
    try {
      const checked = validateArguments(definition.inputSchema, args);
      if (checked.ok) return checked;
      return toolFailure('INVALID_INPUT', describeFaults(checked.errors), { errors: checked.errors });
    } catch (error) {
      if (!(error instanceof InputSchemaError)) throw error;
      this.log(definition, context, error);
      return toolFailure('TOOL_ERROR', 'This tool is not set up correctly. An administrator must check its settings.');
    }
  }

  private async runOnce(definition: ToolDefinition, args: Arguments, context: ToolCallContext): Promise<ToolResult> {
    const { ctx, idempotencyKey } = context;
    const begun = await this.journal.begin(ctx, {
      turnId: context.turnId,
      conversationId: context.conversationId,
      run: context.run,
      agentKey: context.agentKey,
      toolKey: definition.key,
      idempotencyKey,
      arguments: args,
    });
    if (begun.state === 'done') return begun.result;
    if (begun.state === 'doubtful' || (begun.state === 'unknown' && !definition.idempotent)) return UNKNOWN_OUTCOME;
    let result: ToolResult;
    try {
      result = await this.run(definition, args, context);
    } catch (error) {
      // Only control flow of the graph comes here (`run` makes values of faults): the call waits for somebody's answer.
      await this.journal.finish(
        ctx,
        idempotencyKey,
        'failed',
        toolFailure('TOOL_ERROR', 'Paused', { retryable: true }),
      );
      throw error;
    }
    const final = settled(definition, result);
    await this.journal.finish(ctx, idempotencyKey, statusOf(final), final);
    return final;
  }

  private async run(definition: ToolDefinition, args: Arguments, context: ToolCallContext): Promise<ToolResult> {
    try {
      if (definition.kind === 'http') return await this.http.execute(definition, args, context);
      const tool = this.registry.findBuiltin(builtinKeyOf(definition));
      if (tool !== undefined) return await runBuiltin(tool, definition, args, context);
      this.log(definition, context, new Error('no such built-in tool'));
      return toolFailure(
        'TOOL_ERROR',
        'This tool does not exist any more. An administrator must remove or replace it.',
      );
    } catch (error) {
      if (isGraphInterrupt(error)) throw error;
      if (!context.signal.aborted) this.log(definition, context, error);
      return toolFailure('TOOL_ERROR', 'This did not work. Please try again later.', {
        retryable: true,
        outcomeUnknown: true,
      });
    }
  }

  private log(definition: ToolDefinition, { ctx, conversationId, turnId }: ToolCallContext, err: unknown): void {
    this.logger.error(
      { err, tenant_id: ctx.tenantId, conversation_id: conversationId, turn_id: turnId, tool: definition.key },
      'tool failed',
    );
  }
}

/** A built-in tool that forgets its signal is left behind: nobody waits for it past its time limit or the turn's end. */
async function runBuiltin(
  tool: BuiltinTool,
  definition: ToolDefinition,
  args: Arguments,
  context: ToolCallContext,
): Promise<ToolResult> {
  const limit = AbortSignal.timeout(tool.timeoutMs ?? BUILTIN_TIMEOUT_MS);
  const signal = AbortSignal.any([context.signal, limit]);
  let onAbort: () => void = () => undefined;
  const stopped = new Promise<never>((_, reject) => {
    onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    return await Promise.race([tool.execute(args, { ...context, signal }, definition.config), stopped]);
  } catch (error) {
    if (!limit.aborted || context.signal.aborted) throw error;
    return toolFailure('TIMEOUT', 'This took too long. Please try again later.', {
      retryable: true,
      outcomeUnknown: true,
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** What the caller may make of a failure of a tool that changes something. */
function settled(definition: ToolDefinition, result: ToolResult): ToolResult {
  if (result.ok || result.outcomeUnknown !== true || definition.idempotent) return result;
  return UNKNOWN_OUTCOME;
}

function statusOf(result: ToolResult): CallStatus {
  if (result.ok) return 'succeeded';
  return result.code === 'UNKNOWN_OUTCOME' || result.outcomeUnknown === true ? 'unknown' : 'failed';
}

/** The graph's own control flow (interrupts), which passes through everything. Known by its mark: the graph is not imported here. */
function isGraphInterrupt(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'is_bubble_up' in error && error.is_bubble_up === true;
}
