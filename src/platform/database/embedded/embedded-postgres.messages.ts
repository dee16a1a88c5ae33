/** What the server and its database process tell each other. */
export type ToChild = { kind: 'stop' };

export type FromChild =
  | { kind: 'log'; line: string }
  | { kind: 'ready'; url: string; firstBoot: boolean; startMs: number }
  | { kind: 'failed'; message: string };
