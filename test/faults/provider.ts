import {
  OpenAiStandIn,
  type StandInBody,
  type StandInCall,
  type StandInFault,
  type StandInRule,
} from '../support/openai-standin.js';

/** How an answer comes: words, and milliseconds between them. A question names its pace in its first word. */
const PACES = {
  quickly: { words: 6, every: 10 },
  steadily: { words: 20, every: 50 },
  slowly: { words: 40, every: 100 },
  lengthily: { words: 100, every: 100 },
  atLength: { words: 100, every: 120 },
  patiently: { words: 60, every: 500 },
} as const;
export type Pace = keyof typeof PACES;

/** A question whose answer takes as long as the pace says and can be told from all others by its nonce. */
export function question(pace: Pace | 'brokenly', nonce: string, remark = ''): string {
  return `${pace} please${remark === '' ? '' : `, ${remark}`}: nonce:${nonce}`;
}

/**
 * The model provider of a cluster. Every server calls it under a path of its own, so that it is known who answers what.
 */
export class Provider {
  private readonly asked = new Map<string, Asked[]>();
  private readonly listeners: { readonly text: string; readonly call: (server: string) => void }[] = [];

  private constructor(readonly standIn: OpenAiStandIn) {}

  static async start(): Promise<Provider> {
    const standIn = await OpenAiStandIn.start();
    const provider = new Provider(standIn);
    // Rules are tried in order: this one matches nothing and only looks on.
    standIn.script({ match: (call) => provider.notice(call) });
    for (const [pace, { words, every }] of Object.entries(PACES)) {
      standIn.script({
        match: (call) => isAnswer(call) && lastUserText(call.body).startsWith(pace),
        text: answerOf(words),
        tokenDelayMs: every,
      });
    }
    const fault: StandInFault = { kind: 'error-event', after: 3 };
    standIn.script({
      match: (call) => isAnswer(call) && lastUserText(call.body).startsWith('brokenly'),
      tokenDelayMs: 200,
      fault,
    });
    standIn.onChat('A title');
    return provider;
  }

  /** The base URL of the server of this name. */
  urlFor(server: string): string {
    return this.standIn.url.replace('/v1', `/${server}/v1`);
  }

  /** Calls for the answer to a question, oldest first; those that name the conversation are not among them. */
  answers(nonce: string): readonly Asked[] {
    return this.asked.get(nonce) ?? [];
  }

  /** Which servers' turns called for the answer, one entry each time. */
  startedBy(nonce: string): string[] {
    return this.answers(nonce).map(({ server }) => server);
  }

  /** Calls for the answer that are still open. */
  open(nonce: string): number {
    return this.answers(nonce).filter(({ call }) => call !== null && call.closedAt === undefined).length;
  }

  /**
   * How long each turn that a kill interrupted had to wait until it was begun again.
   * @param kills of servers, with the time of each
   */
  takeOvers(kills: readonly { readonly server: string; readonly at: number }[]): number[] {
    const times: number[] = [];
    for (const asked of this.asked.values()) {
      for (const [at, again] of asked.entries()) {
        const before = asked[at - 1];
        const kill = kills.findLast(
          (one) => one.server === before?.server && one.at >= before.at && one.at <= again.at,
        );
        if (kill !== undefined) times.push(again.at - kill.at);
      }
    }
    return times;
  }

  /** Lets go of what the ended calls said: a long run has tens of thousands. */
  prune(): void {
    for (const asked of this.asked.values())
      for (const one of asked) if (one.call?.closedAt !== undefined) one.call = null;
    const calls = this.standIn.calls as StandInCall[];
    calls.splice(0, calls.length, ...calls.filter((call) => call.closedAt === undefined));
  }

  /** How the answer to this question goes, where its first word names no pace. */
  answer(nonce: string, rule: Omit<StandInRule, 'match'>): void {
    this.standIn.script({ ...rule, match: (call) => isAnswer(call) && call.nonce === nonce });
  }

  /** Runs `call` whenever an answer to a question with this text is asked for, before anything is answered. */
  onAsked(text: string, call: (server: string) => void): void {
    this.listeners.push({ text, call });
  }

  private notice(call: StandInCall): false {
    if (!isAnswer(call) || call.nonce === undefined) return false;
    const server = call.path.split('/')[1] ?? '';
    const earlier = this.asked.get(call.nonce);
    const entry = { server, at: call.at, call };
    if (earlier === undefined) this.asked.set(call.nonce, [entry]);
    else earlier.push(entry);
    const text = lastUserText(call.body);
    for (const listener of this.listeners) if (text.includes(listener.text)) listener.call(server);
    return false;
  }

  stop(): Promise<void> {
    return this.standIn.stop();
  }
}

interface Asked {
  readonly server: string;
  readonly at: number;
  /** null: over, and forgotten. */
  call: StandInCall | null;
}

function isAnswer(call: StandInCall): boolean {
  return call.path.endsWith('/chat/completions') && call.body.stream === true && !isTitle(call.body);
}

function isTitle(body: StandInBody): boolean {
  return lastUserText(body).startsWith('Question:');
}

function lastUserText(body: StandInBody): string {
  const text = body.messages?.findLast((message) => message.role === 'user')?.content;
  return typeof text === 'string' ? text : '';
}

/** With characters of two UTF-16 units, since offsets count those. The stand-in puts the nonce behind it. */
function answerOf(words: number): string {
  return Array.from({ length: words }, (_, n) => (n % 7 === 3 ? `🧵${n}` : `word${n}`)).join(' ');
}
