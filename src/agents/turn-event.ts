/** What a turn's steps are called in the contract. */
export type StatusStep =
  'queued' | 'routing' | 'retrieving' | 'grading' | 'tool' | 'generating' | 'summarizing' | 'escalating';

/**
 * What the graph says while it works. One stream of these feeds every channel; a channel only encodes.
 * `token` is text that is appended to the answer (its offset is counted by whoever holds the text).
 */
export type TurnEvent =
  | {
      readonly type: 'status';
      readonly step: StatusStep;
      readonly message: string;
      readonly agent?: string;
      readonly tool?: string;
    }
  | { readonly type: 'token'; readonly content: string }
  | { readonly type: 'payload'; readonly payloadType: string; readonly items: readonly unknown[] };

/** Called synchronously for each event; it must neither block nor throw. It is on the token path. */
export type TurnEventSink = (event: TurnEvent) => void;
