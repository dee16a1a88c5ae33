import type { RequestContext } from '#platform/context';
import type { FieldError } from '#platform/errors';

/** A draft-07 JSON Schema; a tool's input is always an object. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** A tool as an agent may be given it: a row of `app.tool`, or a built-in one that such a row names. */
export interface ToolDefinition {
  readonly id: string;
  readonly key: string;
  readonly name: string;
  /** For the model: when to use it. */
  readonly description: string;
  readonly kind: 'http' | 'builtin';
  readonly inputSchema: JsonSchema;
  /** Calling it twice with the same idempotency key has the effect of one call. */
  readonly idempotent: boolean;
  /** It changes nothing, so it is neither journalled nor limited in being repeated. */
  readonly readOnly: boolean;
  /** Personas that may use it; empty means all. */
  readonly personas: readonly string[];
  /** For `http` see `HttpToolConfig`; built-in tools say what they take. */
  readonly config: Readonly<Record<string, unknown>>;
  /** What its requests are let in with; null or absent: nothing. */
  readonly credentialId?: string | null;
}

/** What the tool's caller was granted when the turn began; read from the database, never from what a model says. */
export interface ToolGrants {
  /** Keys of the agent's own tools. */
  readonly tools: readonly string[];
  /** Keys of the built-in tools that the tenant is entitled to. */
  readonly entitlements: readonly string[];
}

/** Which beginning of which turn of a question: what an earlier one did is not done again by a later one. */
export interface ToolRun {
  /** The user's message; a repeat and a take-over keep it. */
  readonly messageId: string;
  /** Counts the turns of the question, from 1. */
  readonly attempt: number;
  /** Counts how often this turn was begun, from 1. */
  readonly start: number;
}

export interface ToolCallContext {
  readonly ctx: RequestContext;
  readonly turnId: string;
  readonly conversationId: string;
  readonly run: ToolRun;
  readonly agentKey: string;
  readonly grants: ToolGrants;
  /** See `toolIdempotencyKey`: the same for each attempt at the same call. */
  readonly idempotencyKey: string;
  /** The turn's signal. A tool that sees it aborted stops within a second. */
  readonly signal: AbortSignal;
}

/** Where a tool's answer comes from; whoever writes the answer numbers them. */
export interface ToolCitation {
  readonly document_id: string;
  readonly chunk_id: string;
  readonly title: string;
  readonly page: number | null;
  readonly section: string | null;
  readonly url: string | null;
  readonly score: number;
  readonly quote: string;
}

export interface ToolPayload {
  readonly payloadType: string;
  readonly items: readonly unknown[];
}

export interface ToolSuccess {
  readonly ok: true;
  /** Untrusted plain JSON: data for an answer, never instructions or permissions. */
  readonly data: unknown;
  /** A structured part for the client. */
  readonly payload?: ToolPayload;
  readonly citations?: readonly ToolCitation[];
  /** The result in words, when the tool has them. */
  readonly text?: string;
}

export type ToolFailureCode =
  | 'TOOL_ERROR'
  | 'INVALID_INPUT'
  | 'FORBIDDEN'
  | 'NOT_FOUND'
  | 'TIMEOUT'
  /** It may have happened. It is not tried again, and a person has to look. */
  | 'UNKNOWN_OUTCOME';

export interface ToolFailure {
  readonly ok: false;
  readonly code: ToolFailureCode;
  /** A sentence for people. */
  readonly message: string;
  /** The same call may work later, and repeating it does no harm. */
  readonly retryable: boolean;
  /** For INVALID_INPUT: what is wrong with which argument. */
  readonly errors?: readonly FieldError[];
  /** The other side may have acted before it failed. */
  readonly outcomeUnknown?: boolean;
}

/** Expected failures are values, so that the graph sees them. Only faults of the program and an aborted turn are thrown. */
export type ToolResult = ToolSuccess | ToolFailure;

export function toolFailure(
  code: ToolFailureCode,
  message: string,
  rest: Partial<Omit<ToolFailure, 'ok' | 'code' | 'message'>> = {},
): ToolFailure {
  return { ok: false, code, message, retryable: false, ...rest };
}
