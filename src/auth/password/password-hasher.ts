import { hash, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';
import bcrypt from 'bcryptjs';

/** OWASP's first choice: 19 MiB, two passes, one lane. The variant's default is argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
/** Each step doubles the time; an imported hash that takes seconds is an attack or a mistake. */
const MOST_ROUNDS = 14;

/** argon2id. Runs on libuv's threads, not on the event loop. bcrypt is verified for people who came from elsewhere. */
@Injectable()
export class PasswordHasher {
  private dummy: Promise<string> | null = null;

  hash(password: string): Promise<string> {
    return hash(password, COST);
  }

  /**
   * @param stored null (nobody has this name) costs the same time as a real hash, so that the time tells nothing
   */
  async matches(stored: string | null, password: string): Promise<boolean> {
    if (stored !== null && this.isImported(stored)) {
      return Number(BCRYPT.exec(stored)?.[1]) <= MOST_ROUNDS && bcrypt.compare(password, stored);
    }
    this.dummy ??= this.hash('nobody has this password');
    const dummy = await this.dummy;
    const right = await verify(stored ?? dummy, password).catch(() => false);
    return stored !== null && right;
  }

  /** Whether it should be replaced by a hash of ours at the next sign-in. */
  isImported(stored: string): boolean {
    return BCRYPT.test(stored);
  }
}
