/**
 * `window.Switchboard`: what the page may ask for, and be told. Made in the page's own realm, where nothing of the language's
 * library can be trusted: indexes and functions are all that is used.
 */
export type Call = readonly [name: string, ...args: unknown[]];

export interface PublicApi {
  readonly isLoaded: true;
  open(): void;
  close(): void;
  toggle(): void;
  /** A JWT that the site's server signed, or how to get one: a function is asked again whenever another one is needed. */
  identify(identityToken: string | (() => string | Promise<string>)): void;
  logout(): void;
  send(text: string): void;
  on(event: string, listener: (detail: unknown) => void): void;
  off(event: string, listener: (detail: unknown) => void): void;
  /** As the queue took them before this was loaded: `push(['open'])`. */
  push(...calls: Call[]): void;
}

export interface Commands {
  readonly api: PublicApi;
  /** What waited, then everything that comes. */
  takeOver(deliver: (call: Call) => void): void;
}

/** Whatever stood at `window.Switchboard` before: calls that waited for this. */
export function readCalls(queue: unknown): Call[] {
  const calls: Call[] = [];
  const waiting = queue as { length?: unknown; [index: number]: unknown } | null | undefined;
  const length = typeof waiting?.length === 'number' ? waiting.length : 0;
  for (let index = 0; index < length; index++) {
    const call = waiting?.[index] as Call | null | undefined;
    if (typeof call === 'object' && call !== null && typeof call[0] === 'string') calls[calls.length] = call;
  }
  return calls;
}

export function commandsOf(waiting: Call[]): Commands {
  let deliver: ((call: Call) => void) | null = null;
  const take = (call: Call) => {
    if (deliver !== null) deliver(call);
    else waiting[waiting.length] = call;
  };
  return {
    api: {
      isLoaded: true,
      open: () => take(['open']),
      close: () => take(['close']),
      toggle: () => take(['toggle']),
      identify: (identityToken) => take(['identify', identityToken]),
      logout: () => take(['logout']),
      send: (text) => take(['send', text]),
      on: (event, listener) => take(['on', event, listener]),
      off: (event, listener) => take(['off', event, listener]),
      // A rest parameter would be an array of the page's.
      push() {
        for (let index = 0; index < arguments.length; index++) {
          take(arguments[index] as Call);
        }
      },
    },
    takeOver: (next) => {
      deliver = next;
      for (let index = 0; index < waiting.length; index++) next(waiting[index] as Call);
      waiting.length = 0;
    },
  };
}
