import { hash, verify } from '@node-rs/argon2';
import { Injectable } from '@nestjs/common';

/** OWASP's first choice: 19 MiB, two passes, one lane. The variant's default is argon2id. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** argon2id. Runs on libuv's threads, not on the event loop. */
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
    this.dummy ??= this.hash('nobody has this password');
    const dummy = await this.dummy;
    const right = await verify(stored ?? dummy, password).catch(() => false);
    return stored !== null && right;
  }
}
