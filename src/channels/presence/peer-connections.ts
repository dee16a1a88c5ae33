import { Injectable, type OnApplicationShutdown, type OnModuleInit } from '@nestjs/common';
import { Bus } from '#platform/bus';
import { newId } from '#platform/database';
import { ConnectionRegistry } from '../websocket/connection-registry.js';

const PATIENCE_MS = 300;
const ASK = 'presence.ask';
const ANSWER = 'presence.answer';

interface Question {
  /** Instances that have not answered yet. */
  readonly open: Set<string>;
  count: number;
  readonly answered: () => void;
}

/** How many sockets a user has open on the other instances: they are asked, since nobody keeps a list of all. */
@Injectable()
export class PeerConnections implements OnModuleInit, OnApplicationShutdown {
  private readonly questions = new Map<string, Question>();
  private listening: (() => void)[] = [];

  constructor(
    private readonly bus: Bus,
    private readonly registry: ConnectionRegistry,
  ) {}

  onModuleInit(): void {
    const { bus } = this;
    this.listening = [
      bus.on(ASK, ({ question, tenant, user }, from) => {
        if (typeof tenant !== 'string' || typeof user !== 'string') return;
        bus.send(from, ANSWER, { question, count: this.registry.countOf(tenant, user) });
      }),
      bus.on(ANSWER, ({ count, question }, from) => this.answer(question, count, from)),
      bus.onPeers(() => this.dropTheGone()),
    ];
  }

  onApplicationShutdown(): void {
    for (const off of this.listening.splice(0)) off();
  }

  /** What the instances said within 300 ms; at once when all have. */
  async count(tenantId: string, userId: string): Promise<number> {
    const peers = this.bus.peers();
    if (peers.size === 0) return 0;
    const id = newId();
    let timer: NodeJS.Timeout | undefined;
    return new Promise((resolve) => {
      const question: Question = {
        open: new Set(peers),
        count: 0,
        answered: () => {
          clearTimeout(timer);
          this.questions.delete(id);
          resolve(question.count);
        },
      };
      this.questions.set(id, question);
      timer = setTimeout(question.answered, PATIENCE_MS);
      this.bus.broadcast(ASK, { question: id, tenant: tenantId, user: userId });
    });
  }

  private answer(id: unknown, count: unknown, from: string): void {
    const question = typeof id === 'string' ? this.questions.get(id) : undefined;
    if (question === undefined || !question.open.delete(from)) return;
    if (typeof count === 'number' && Number.isSafeInteger(count) && count > 0) question.count += count;
    if (question.open.size === 0) question.answered();
  }

  private dropTheGone(): void {
    for (const question of [...this.questions.values()]) {
      for (const instance of question.open) if (!this.bus.peers().has(instance)) question.open.delete(instance);
      if (question.open.size === 0) question.answered();
    }
  }
}
