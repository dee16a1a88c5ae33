import type { IncomingHttpHeaders } from 'node:http';

/** A request body, as far as tests look into it. */
export interface StandInBody {
  readonly model?: string;
  readonly stream?: boolean;
  readonly messages?: readonly { readonly role: string; readonly content: unknown }[];
  readonly input?: string | readonly string[];
  readonly [key: string]: unknown;
}

export interface StandInCall {
  readonly path: string;
  readonly method: string;
  readonly body: StandInBody;
  readonly headers: IncomingHttpHeaders;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly closedAt?: number;
  readonly nonce?: string;
  /** The caller closed its connection before the answer was complete. */
  readonly aborted: boolean;
  readonly done: boolean;
}

export type StandInFault =
  | {
      readonly kind: 'status';
      readonly status: number;
      readonly retryAfter?: number | string;
      readonly message?: string;
    }
  /** Accepts the request and never answers. */
  | { readonly kind: 'hang' }
  | { readonly kind: 'reset-at-once' }
  | { readonly kind: 'html' }
  /** A 401 whose message repeats the key that was sent. */
  | { readonly kind: 'echo-key' }
  /** Mid-stream faults come after this many tokens (1). */
  | { readonly kind: 'hang-mid' | 'reset' | 'bad-json' | 'error-event'; readonly after?: number }
  | { readonly kind: 'huge-chunk'; readonly bytes?: number; readonly after?: number }
  | { readonly kind: 'endless' }
  /** Ends after the finish reason without `[DONE]` (`no-done`), or after the last token with neither (`no-finish`). */
  | { readonly kind: 'no-done' | 'no-finish' }
  | { readonly kind: 'split-utf8' }
  /** A structured answer (content or tool arguments) that is not JSON. */
  | { readonly kind: 'bad-value-json' }
  /** One embedding too few. */
  | { readonly kind: 'short' };

export interface StandInBehaviour {
  /** Milliseconds before the first byte of an answer. */
  readonly firstByteMs?: number;
  /** Milliseconds between two tokens. */
  readonly tokenDelayMs?: number;
  /** Exactly this many tokens of filler; null or absent: an answer that fits the prompt. */
  readonly tokens?: number | null;
  /** Cuts the stream into writes of this many bytes, wherever they fall. */
  readonly chunkBytes?: number;
  /** The only key accepted; null or absent: any or none. */
  readonly apiKey?: string | null;
}

export interface StandInOptions extends StandInBehaviour {
  /** Answers by what it reads in the request, as a model of word overlap would; false: with any value that fits. */
  readonly reads?: boolean;
  readonly port?: number;
  readonly host?: string;
  readonly supports?: { jsonSchema?: boolean; tools?: boolean; usage?: boolean; base64?: boolean };
  /** Of embeddings, when the request does not say. */
  readonly dimensions?: number | null;
}

export interface StandInMatch {
  /** End of the path: `/chat/completions`, `/embeddings`. */
  readonly path?: string;
  readonly stream?: boolean;
  readonly nonce?: string;
  /** Name of the schema or tool asked for. */
  readonly structured?: string;
  /** Text found anywhere in the request. */
  readonly contains?: string;
}

export interface StandInRule extends StandInBehaviour {
  readonly match?: StandInMatch | ((call: StandInCall) => boolean);
  /** How many calls it serves; absent: all. */
  readonly times?: number;
  readonly fault?: StandInFault;
  readonly text?: string | ((body: StandInBody) => string);
  /** The answer's tokens, exactly. */
  readonly pieces?: readonly string[];
  /** The structured answer. */
  readonly value?: unknown;
  readonly finishReason?: string;
  /** In place of the tokens that were counted. */
  readonly usage?: { readonly prompt_tokens: number; readonly completion_tokens: number };
}

export interface StandInNonce {
  readonly calls: number;
  readonly open: number;
  readonly maxOpen: number;
}

export class OpenAiStandIn {
  static start(options?: StandInOptions): Promise<OpenAiStandIn>;
  /** `http://127.0.0.1:<port>/v1` */
  readonly url: string;
  readonly port: number;
  readonly calls: StandInCall[];
  readonly chatCalls: StandInCall[];
  /** TCP connections, idle ones of a keep-alive pool included. */
  readonly openSockets: number;
  /** Requests whose answer is not complete. */
  readonly openRequests: number;
  /** Changeable while it runs. */
  readonly options: { -readonly [Key in keyof StandInOptions]: StandInOptions[Key] };
  /** Rules are tried in the order given; the first that matches and has calls left decides. */
  script(rule: StandInRule): { readonly used: number };
  onStructured(name: string, answer: unknown | ((body: StandInBody) => unknown)): void;
  /** Text for calls that no rule answers. */
  onChat(answer: string | ((body: StandInBody) => string)): void;
  /** Counts for questions that contain `nonce:<name>`; the answer repeats it. */
  nonce(name: string): StandInNonce;
  reset(): void;
  refuse(): Promise<void>;
  accept(): Promise<void>;
  stop(): Promise<void>;
}
