import { createHash } from 'node:crypto';
import { RateLimitError } from '#platform/errors';
import { limitedAddress } from '#platform/http';
import { type Limiter, Limiters } from '#platform/limits';
import { Injectable } from '@nestjs/common';
import { RateLimiterRes } from 'rate-limiter-flexible';

const WINDOW_SECONDS = 15 * 60;
const PER_ACCOUNT_AND_ADDRESS = 10;
const PER_ADDRESS = 100;

/**
 * Wrong passwords. Counted for an account *from an address*, so that nobody can lock its owner out from elsewhere, and for
 * the address over all accounts. Counted before the password is checked, so that parallel guesses do not slip through.
 */
@Injectable()
export class LoginAttempts {
  private readonly pairs: Limiter;
  private readonly addresses: Limiter;

  constructor(limiters: Limiters) {
    this.pairs = limiters.create({ name: 'logins', points: PER_ACCOUNT_AND_ADDRESS, seconds: WINDOW_SECONDS });
    this.addresses = limiters.create({ name: 'logins.address', points: PER_ADDRESS, seconds: WINDOW_SECONDS });
  }

  /** @throws RateLimitError */
  async begin(address: string, account: string): Promise<void> {
    try {
      await this.addresses.consume(limitedAddress(address));
      await this.pairs.consume(pairOf(address, account));
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      const minutes = Math.max(1, Math.ceil(refusal.msBeforeNext / 60_000));
      throw new RateLimitError(`Too many attempts to sign in: try again in ${minutes} min`, refusal.msBeforeNext);
    }
  }

  /** The right password: this attempt and the ones before it are forgiven. */
  async succeeded(address: string, account: string): Promise<void> {
    await this.pairs.delete(pairOf(address, account));
    await this.addresses.reward(limitedAddress(address));
  }
}

function pairOf(address: string, account: string): string {
  return `${limitedAddress(address)}/${createHash('sha256').update(account).digest('base64url')}`;
}
