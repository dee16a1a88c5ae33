import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { RateLimitError } from '#platform/errors';
import { limitedAddress } from '#platform/http';
import { KeyedLanes, type Limiter, Limiters, take } from '#platform/limits';
import { Injectable } from '@nestjs/common';
import type { RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_SECONDS = 15 * 60;
const PER_ACCOUNT_AND_ADDRESS = 10;
const PER_ADDRESS = 100;
/** How long an address counts as the owner's own after a sign-in from there. */
const LATELY_SECONDS = 7 * 24 * 3600;
/** Between two wrong passwords of an address that is over its limit. */
const PAUSE_MS = 100;
/** Beyond this many that wait the answer would come too late for anybody. */
const MOST_WAITING = 200;

/**
 * Wrong passwords, counted before they are checked, so that parallel guesses do not slip through:
 *
 *   for an account from an address   beyond ten refused whatever they are, so that it can be guessed no further from there;
 *                                    not from an address that signed in to it lately, or a stranger behind it would lock the
 *                                    owner out. Both take the same time, or it would tell who signs in there
 *   for an address, all accounts     beyond a hundred checked one after the other, with a pause after each wrong one: the
 *                                    others behind that address still get in, and guessing through many accounts crawls
 *
 * Nothing counts an account over all addresses: whoever had many could lock anybody out.
 */
@Injectable()
export class LoginAttempts {
  private readonly pairs: Limiter;
  private readonly addresses: Limiter;
  /** No limit: who signed in from where lately, kept where the others are. */
  private readonly lately: Limiter;
  private readonly lanes = new KeyedLanes(1);

  constructor(limiters: Limiters) {
    this.pairs = limiters.create({ name: 'logins', points: PER_ACCOUNT_AND_ADDRESS, seconds: WINDOW_SECONDS });
    this.addresses = limiters.create({ name: 'logins.address', points: PER_ADDRESS, seconds: WINDOW_SECONDS });
    this.lately = limiters.create({ name: 'logins.lately', points: 1_000_000, seconds: LATELY_SECONDS });
  }

  /**
   * A sign-in.
   * @param check whether the password is right
   * @returns what it said
   * @throws RateLimitError instead of false for what goes beyond a limit
   */
  async signIn(address: string, account: string, check: () => Promise<boolean>): Promise<boolean> {
    const pair = pairOf(address, account);
    const isOwners = (await this.lately.get(pair)) !== null;
    const right = await this.judged({ from: limitedAddress(address), pair, isOwners }, check);
    if (right) {
      await this.lately.delete(pair);
      await this.lately.consume(pair);
    }
    return right;
  }

  /** The same for the password of somebody who is signed in: who took over a session may not guess on. */
  confirm(address: string, account: string, check: () => Promise<boolean>): Promise<boolean> {
    return this.judged({ from: limitedAddress(address), pair: pairOf(address, account), isOwners: false }, check);
  }

  private async judged(
    { from, isOwners, pair }: { from: string; pair: string; isOwners: boolean },
    check: () => Promise<boolean>,
  ): Promise<boolean> {
    const addressSpent = await take(this.addresses, from);
    const pairSpent = await take(this.pairs, pair);
    const spent = pairSpent ?? addressSpent;
    const isRefused = pairSpent !== null && !isOwners;
    // In a lane of their own the refused keep nobody waiting who may be right.
    const lane = isRefused ? `${from}/refused` : isOwners ? pair : from;
    const judge = async () => (await check()) && !isRefused;
    const right = await (spent === null ? judge() : this.inTurn(lane, spent, judge));
    if (right) {
      await this.pairs.delete(pair);
      await this.addresses.reward(from);
    } else if (spent !== null) throw tooMany(spent);
    return right;
  }

  private async inTurn(key: string, spent: RateLimiterRes, check: () => Promise<boolean>): Promise<boolean> {
    if (this.lanes.size(key) >= MOST_WAITING) throw tooMany(spent);
    return this.lanes.run(key, async () => {
      const right = await check();
      if (!right) await sleep(PAUSE_MS);
      return right;
    });
  }
}

function tooMany({ msBeforeNext }: RateLimiterRes): RateLimitError {
  const minutes = Math.max(1, Math.ceil(msBeforeNext / 60_000));
  return new RateLimitError(`Too many attempts to sign in: try again in ${minutes} min`, msBeforeNext);
}

function pairOf(address: string, account: string): string {
  return `${limitedAddress(address)}/${createHash('sha256').update(account).digest('base64url')}`;
}
