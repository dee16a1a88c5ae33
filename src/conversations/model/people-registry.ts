import { Injectable } from '@nestjs/common';
import type { TurnAnswer } from '#agents';
import type { RequestContext, TenantScope } from '#platform/context';
import type { TenantTx } from '#platform/database';
import type { EscalationState } from './conversation-event.js';

/** A conversation as those who wait for a person, or talk to one, are told of it. */
export interface PeopleState {
  readonly supporter: { readonly id: string; readonly name: string } | null;
  readonly escalation: EscalationState | null;
  /** When the escalation last changed, as a number of the conversation: whoever has seen later ones knows of it. */
  readonly changedAt: number;
}

/** A turn whose answer is complete and not stored yet. */
export interface AnsweredTurn {
  readonly ctx: RequestContext;
  readonly conversationId: string;
  readonly turnId: string;
  readonly messageId: string;
  readonly content: string;
  readonly history: readonly {
    readonly role: string;
    readonly content: string;
    readonly metadata: Readonly<Record<string, unknown>>;
  }[];
  readonly answer: TurnAnswer;
}

/** That a person is to be called, and what the answer says of it. */
export interface HandoverDecision {
  /** Put behind the answer. */
  readonly say: string | null;
  /** Why, for the answer's metadata. */
  readonly cause: string;
  /** Runs in the transaction that stores the answer, after it: both are there, or neither. */
  store(tx: TenantTx): Promise<void>;
  /** After the commit. */
  stored(): Promise<void>;
}

/** What the module of people (`escalations`) knows of conversations. Arrows run down only, so it registers here. */
export interface PeopleBehind {
  /** Of one conversation, in the transaction that reads it. */
  stateOf(tx: TenantTx, conversationId: string): Promise<PeopleState>;
  /** Whether staff may follow a conversation that is not theirs. */
  mayFollow(tx: TenantTx, ctx: RequestContext, conversationId: string): Promise<boolean>;
  /** Asked of each answer; must be quick, and hold no connection. */
  consider(turn: AnsweredTurn): Promise<HandoverDecision | null>;
  /** Its user ends the conversation; in the transaction that does so. @returns what is to be told after the commit */
  ended(tx: TenantTx, ctx: RequestContext, conversationId: string): Promise<() => Promise<void>>;
  /** The conversation is gone. */
  deleted(scope: TenantScope): Promise<void>;
}

const NOBODY: PeopleState = { supporter: null, escalation: null, changedAt: 0 };

/** The people behind conversations, if some module has any. */
@Injectable()
export class PeopleRegistry {
  private people: PeopleBehind | null = null;

  register(people: PeopleBehind): void {
    this.people = people;
  }

  async stateOf(tx: TenantTx, conversationId: string): Promise<PeopleState> {
    return (await this.people?.stateOf(tx, conversationId)) ?? NOBODY;
  }

  async mayFollow(tx: TenantTx, ctx: RequestContext, conversationId: string): Promise<boolean> {
    return (await this.people?.mayFollow(tx, ctx, conversationId)) ?? false;
  }

  async consider(turn: AnsweredTurn): Promise<HandoverDecision | null> {
    return (await this.people?.consider(turn)) ?? null;
  }

  async ended(tx: TenantTx, ctx: RequestContext, conversationId: string): Promise<() => Promise<void>> {
    return (await this.people?.ended(tx, ctx, conversationId)) ?? (() => Promise.resolve());
  }

  async deleted(scope: TenantScope): Promise<void> {
    await this.people?.deleted(scope);
  }
}
