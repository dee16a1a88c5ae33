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

/** Waits in the middle of its answer, `question: first second`, until it is let go on. */
export function gated(): { script: Script; open: () => void } {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  return {
    open: () => open(),
    script: async (input, emit) => {
      emit({ type: 'token', content: `${input.content}: first ` });
      await gate;
      emit({ type: 'token', content: 'second' });
    },
  };
}
