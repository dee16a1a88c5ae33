import type { ToolDefinition } from '#tools';
import type { HistoryMessage } from '../turn/turn.types.js';

export interface ExtractRequest {
  readonly tool: ToolDefinition;
  /** The part of the message that is answered. */
  readonly text: string;
  /** The whole message, where that says more: "Where is 1042, and can you send me the invoice for it?" */
  readonly question?: string;
  readonly history: readonly HistoryMessage[];
  /** Found in earlier messages of the same request. */
  readonly known: Readonly<Record<string, unknown>>;
  /** What the user was just asked for; a bare answer belongs there. */
  readonly asked: readonly string[];
  /** BCP 47, of the message; with a country where the tenant's settings name one. */
  readonly language: string;
  /** IANA, of the tenant: whose day "tomorrow" is counted from. */
  readonly timeZone: string;
}

/** What is needed to see whether a message answers a question. */
export type AskedRequest = Pick<ExtractRequest, 'tool' | 'text' | 'asked' | 'language' | 'timeZone'>;

/** Finds a tool's arguments in what the user said. */
export abstract class EntityExtractor {
  /** @returns values that fit their property's schema, `known` ones included; what is missing is left out */
  abstract extract(request: ExtractRequest, signal: AbortSignal): Promise<Record<string, unknown>>;

  /** True when a message gives, beyond doubt by its own form, one of the values that were asked for. No model is asked. */
  abstract gives(request: AskedRequest): boolean;

  /** Names of the inputs of which a message wants another value than was said or is known: "to my other email". No model is asked. */
  another(request: Omit<AskedRequest, 'asked'>): ReadonlySet<string> {
    void request;
    return new Set();
  }

  /** What else the same tool is asked for in the same words ("1042 and 1043"), after `first`; in the message's order. */
  further(request: ExtractRequest, first: Readonly<Record<string, unknown>>): Record<string, unknown>[] {
    void request;
    void first;
    return [];
  }
}
