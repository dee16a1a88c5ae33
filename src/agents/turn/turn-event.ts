import type { UsageEntry } from '#llm';

/** What a turn's steps are called in the contract. */
export type StatusStep =
  'queued' | 'routing' | 'retrieving' | 'grading' | 'tool' | 'generating' | 'summarizing' | 'escalating';

/**
 * What the graph says while it works. One stream of these feeds every channel; a channel only encodes.
 * `token` is text that is appended to the answer (its offset is counted by whoever holds the text); a payload's `offset` is
 * its place in it, in UTF-16 units.
 *
 * `usage` is for the books and not for readers: one for each request that a provider worked on, when it is over. It comes
 * also after the turn's signal was aborted, up to the moment when `AgentRuntime.run` settles.
 */
export type TurnEvent =
  | {
      readonly type: 'status';
      readonly step: StatusStep;
      readonly message: string;
      readonly agent?: string;
      /** What people call it. */
      readonly agent_name?: string;
      readonly tool?: string;
    }
  | { readonly type: 'token'; readonly content: string }
  | {
      readonly type: 'payload';
      readonly payloadType: string;
      readonly items: readonly unknown[];
      readonly offset: number;
    }
  | { readonly type: 'usage'; readonly entry: UsageEntry };

/** Called synchronously for each event; it must neither block nor throw. It is on the token path. */
export type TurnEventSink = (event: TurnEvent) => void;
