import { setTimeout as sleep } from 'node:timers/promises';
import type { Script } from './conversation-world.js';

export const words: Script = async (_input, emit) => {
  for (const word of ['The ', 'answer ', 'is ', '42.']) emit({ type: 'token', content: word });
};

/** Streams until it is told to stop. */
export const endless: Script = async (_input, emit, signal) => {
  for (let n = 0; !signal.aborted; n++) {
    emit({ type: 'token', content: `${n} ` });
    await sleep(10);
  }
  throw signal.reason;
};

/**
 * Waits in the middle of its answer until it is let go on, or stopped.
 * @param opening what it says before; default: `question: first `. Then it says `second`
 */
export function gated(opening?: string): { script: Script; open: () => void } {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  return {
    open: () => open(),
    script: async (input, emit, signal) => {
      emit({ type: 'token', content: opening ?? `${input.content}: first ` });
      await Promise.race([gate, stopped(signal)]);
      emit({ type: 'token', content: 'second' });
    },
  };
}

/** Rejects with the reason once the turn is stopped. */
export function stopped(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
}
