import { Injectable } from '@nestjs/common';
import { AccountLinks } from '../recovery/account-links.js';
import { RecoveryLetters } from '../recovery/recovery-letters.js';

@Injectable()
export class InvitationLetters {
  constructor(
    private readonly links: AccountLinks,
    private readonly letters: RecoveryLetters,
  ) {}

  /** @returns the link in the letter, for whoever hands it over himself */
  send(to: string, token: string): string {
    const url = this.links.acceptInvitation(token);
    const text = `You were invited. To accept, open within seven days and choose a password:\n\n${url}`;
    this.letters.later(async () => ({ to, subject: 'You were invited', text }));
    return url;
  }
}
