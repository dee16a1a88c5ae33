export interface Mail {
  /** One address, without a name. */
  readonly to: string;
  readonly subject: string;
  /** Plain text; links stand on lines of their own. */
  readonly text: string;
}

/** Takes letters to people. Never inside a unit of work: it waits for the network. */
export abstract class Mailer {
  /** Whether a letter reaches somebody; false where it is only logged. */
  abstract readonly delivers: boolean;

  /** @throws MailError when the letter was not taken; trying again may help */
  abstract send(mail: Mail): Promise<void>;
}

export class MailError extends Error {
  constructor(cause: unknown) {
    super('The mail server did not take the letter', { cause });
    this.name = 'MailError';
  }
}
