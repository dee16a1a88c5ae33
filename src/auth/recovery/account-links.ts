import { AppConfig } from '#platform/config';
import { Injectable } from '@nestjs/common';

/** Where letters send people. */
@Injectable()
export class AccountLinks {
  constructor(private readonly config: AppConfig) {}

  resetPassword(token: string): string {
    return this.link('reset-password', token);
  }

  acceptInvitation(token: string): string {
    return this.link('accept-invitation', token);
  }

  private link(page: string, token: string): string {
    const { PORT, PUBLIC_URL } = this.config.env;
    const base = (PUBLIC_URL ?? `http://localhost:${PORT}`).replace(/\/+$/, '');
    return `${base}/${page}?token=${token}`;
  }
}
