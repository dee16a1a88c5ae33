import { createHash } from 'node:crypto';

export interface ToolCallIdentity {
  readonly tenantId: string;
  /** What stays the same when a turn is tried again: the user's message (or the group of a turn's attempts). */
  readonly messageId: string;
  readonly agentKey: string;
  readonly toolKey: string;
  readonly args: unknown;
  /** Which of the agent's calls with these arguments it is, from 0: two equal calls in one turn are two effects. */
  readonly ordinal: number;
}

/** The name of one call: 64 hexadecimal digits, equal for each attempt at it and different for every other call. */
export function toolIdempotencyKey(call: ToolCallIdentity): string {
  const identity = [call.tenantId, call.messageId, call.agentKey, call.toolKey, call.ordinal, call.args];
  return createHash('sha256').update(canonicalJson(identity)).digest('hex');
}

/** JSON with sorted keys, so that equal values have equal text. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) =>
    typeof item === 'object' && item !== null && !Array.isArray(item)
      ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
      : item,
  );
}
