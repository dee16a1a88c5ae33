import type { TenantScope } from '#platform/context';
import type { ToolResult, ToolRun } from './tool.js';

export interface JournalledCall {
  readonly turnId: string;
  readonly conversationId: string;
  readonly run: ToolRun;
  readonly agentKey: string;
  readonly toolKey: string;
  readonly idempotencyKey: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

export type JournalState =
  /** Not called yet, or it failed in a way that allows another try. */
  | { readonly state: 'new' }
  /** An earlier attempt has the result. */
  | { readonly state: 'done'; readonly result: ToolResult }
  /** An earlier attempt began and never said how it ended. */
  | { readonly state: 'unknown' }
  /**
   * Another run of the same question called this tool with other arguments that this run has not come to: a model that is
   * asked again words things differently, so it may be the same call, and nobody can tell.
   */
  | { readonly state: 'doubtful' };

export type CallStatus = 'succeeded' | 'failed' | 'unknown';

/**
 * What was done to the outside world, kept so that an effect happens once although its turn may be tried again.
 *
 *   begin ─ new ──▶ the call ──▶ finish(succeeded | failed | unknown)
 *         ├ done ─▶ the stored result
 *         ├ unknown ─▶ only a tool declared idempotent is called again
 *         └ doubtful ─▶ none is
 *
 * A process that dies between `begin` and `finish` leaves `started` behind, which the next `begin` reads as unknown.
 */
export abstract class ToolCallJournal {
  /** Durable when it resolves; of two at once, one gets `new`. */
  abstract begin(scope: TenantScope, call: JournalledCall): Promise<JournalState>;

  abstract finish(scope: TenantScope, idempotencyKey: string, status: CallStatus, result: ToolResult): Promise<void>;
}
