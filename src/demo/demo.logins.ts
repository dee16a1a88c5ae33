import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { AppConfig } from '#platform/config';
import { readOrCreateSecretFile, SecretBox } from '#platform/secrets';
import { Injectable } from '@nestjs/common';
import type { DemoTenant, DemoUser } from './demo-tenant.types.js';

export interface DemoLogin {
  readonly tenant: string;
  readonly tenantName: string;
  readonly user: DemoUser;
}

/** Who can sign in to try the product, and the one password of all of them. Empty until the seed has run. */
@Injectable()
export class DemoLogins {
  private readonly known: DemoLogin[] = [];
  private secret: string | undefined;
  /** While the demo's documents are still being read: what is asked of them may not be answered yet. */
  reading = false;

  constructor(
    private readonly config: AppConfig,
    private readonly box: SecretBox,
  ) {}

  /** DEMO_PASSWORD, or a generated one that stays the same for this DATA_DIR. */
  get password(): string {
    this.secret ??=
      this.config.env.DEMO_PASSWORD ??
      readOrCreateSecretFile(join(this.config.dataDir, 'demo-password'), () =>
        randomBytes(9).toString('base64url'),
      ).trim();
    return this.secret;
  }

  /** Tells whether another password holds than the one that was seeded, without keeping it. */
  get passwordDigest(): string {
    return this.box.digest('demo.password', this.password).toString('base64url');
  }

  get list(): readonly DemoLogin[] {
    return this.known;
  }

  add(tenant: DemoTenant): void {
    this.known.push(...tenant.users.map((user) => ({ tenant: tenant.slug, tenantName: tenant.name, user })));
  }
}
