import { setTimeout as sleep } from 'node:timers/promises';
import type { TurnAnswer, TurnEventSink, TurnInput, UsageEntry } from '#agents';
import type { RequestContext } from '#platform/context';
import { DomainError } from '#platform/errors';

/**
 * Stands for the agents: what it does is what the message says.
 *
 *   echo …            two statuses, then the message back, word by word
 *   hold …            as echo, but waits for `release()` before its last word
 *   slow <n>          n words, one every 15 ms, until the signal stops it
 *   hang              says one word and waits for its signal
 *   fail              fails as a provider does, after one word
 *   payload           one payload beside the text
 *   say <markdown>    the rest of the message in one token
 *   want              as whom the user asked for a person
 *   unclear, weak     as one that was not understood, or rests on a poor source
 *   call <tool>       a tool's result calls for a person
 *   flood <n>         n tokens of 4 KiB, in bursts
 *   spend <usd>       as echo, and costs so much; `spend <usd> fail`, `spend <usd> hang`: as those
 */
export class ScriptedRuntime {
  /** Turns whose signal was aborted, with the moment at which they noticed. */
  readonly aborted = new Map<string, number>();
  readonly inputs: TurnInput[] = [];
  private readonly holding = new Set<() => void>();

  /** Lets every held turn go on. */
  release(): void {
    for (const go of this.holding) go();
    this.holding.clear();
  }

  /** The agents that a message may name. */
  async offers(_ctx: RequestContext, agent: string): Promise<boolean> {
    return ['echo', 'support', 'tracking'].includes(agent);
  }

  /** What a turn may come to. */
  estimated = { tokens: 10, usd: 0.01 };

  async estimate(): Promise<{ tokens: number; usd: number }> {
    return this.estimated;
  }

  async run(ctx: RequestContext, input: TurnInput, emit: TurnEventSink, signal: AbortSignal): Promise<TurnAnswer> {
    this.inputs.push(input);
    const noticed = (): void => void this.aborted.set(input.content, Date.now());
    signal.addEventListener('abort', noticed, { once: true });
    try {
      return await this.act(ctx, input, emit, signal);
    } finally {
      // What is aborted after the end is a clean-up.
      signal.removeEventListener('abort', noticed);
    }
  }

  private async act(
    _ctx: RequestContext,
    input: TurnInput,
    emit: TurnEventSink,
    signal: AbortSignal,
  ): Promise<TurnAnswer> {
    let text = '';
    const say = (content: string): void => {
      text += content;
      emit({ type: 'token', content });
    };
    emit({ type: 'status', step: 'routing', message: 'Classifying your query...' });
    emit({ type: 'status', step: 'generating', message: 'Generating response...' });
    const [said = '', ...all] = input.content.split(' ');
    const spends = said === 'spend';
    if (spends) emit({ type: 'usage', entry: usage(Number(all[0])) });
    const [verb = '', ...rest] = spends ? all.slice(1) : [said, ...all];
    const payloads = verb === 'payload' ? [{ payload_type: 'jobs', items: [{ title: 'Baker' }], offset: 0 }] : [];
    switch (verb) {
      case 'hold':
        say('before ');
        await this.untilReleased(signal);
        say('after');
        break;
      case 'slow':
        for (let word = 0; word < Number(rest[0]); word++) {
          await sleep(15, undefined, { signal });
          say(`w${word} `);
        }
        break;
      case 'hang':
        say('partial ');
        await sleep(60_000, undefined, { signal });
        break;
      case 'fail':
        say('half ');
        throw new DomainError({
          code: 'LLM_ERROR',
          kind: 'upstream',
          retryable: true,
          message: 'Something went wrong. Please try again.',
        });
      case 'payload':
        emit({ type: 'payload', payloadType: 'jobs', items: [{ title: 'Baker' }], offset: text.length });
        say('One job.');
        break;
      case 'say':
        say(rest.join(' '));
        break;
      case 'flood':
        for (let burst = 0; burst < Number(rest[0]) / 10; burst++) {
          for (let token = 0; token < 10; token++) say('x'.repeat(4096));
          await sleep(1, undefined, { signal });
        }
        break;
      default:
        for (const word of input.content.split(/(?<= )/)) say(word);
    }
    return { ...answer(text, payloads), ...SAID[verb]?.(rest) };
  }

  private untilReleased(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.holding.add(resolve);
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
    });
  }
}

function usage(costUsd: number): UsageEntry {
  const counted = { inputTokens: 3, outputTokens: 4, costUsd, model: 'scripted', provider: 'test', estimated: false };
  return { kind: 'chat', purpose: 'answer', ...counted };
}

const SOURCE: TurnAnswer['citations'][number] = {
  n: 1,
  document_id: '0190b8a0-0000-7000-8000-0000000000d0',
  chunk_id: '0190b8a0-0000-7000-8000-0000000000c0',
  title: 'Help',
  page: null,
  section: null,
  url: null,
  score: 0.9,
  quote: 'Help',
};

const SAID: Readonly<Record<string, (rest: readonly string[]) => Partial<TurnAnswer>>> = {
  want: () => ({ intent: 'human_request', humanRequested: { reason: 'The user asked for a person' } }),
  unclear: () => ({ intent: 'unclear', citations: [] }),
  weak: () => ({ citations: [{ ...SOURCE, score: 0.1 }] }),
  call: ([tool = '']) => ({ personCalls: [{ tool, reason: 'Above the limit', skill: 'refunds' }] }),
};

function answer(content: string, payloads: TurnAnswer['payloads']): TurnAnswer {
  return {
    content,
    payloads,
    intent: 'qa',
    intents: [],
    agents: ['echo'],
    sections: [{ agent: 'echo', name: 'Echo', offset: 0 }],
    language: 'en',
    citations: [SOURCE],
    sourceChunks: [],
    degraded: false,
    awaiting: [],
    humanRequested: null,
    timings: {},
  };
}
