import { assertNoConnectionHeld } from '#platform/database';
import { createTransport, type Transporter } from 'nodemailer';
import { type Mail, MailError, Mailer } from './mailer.port.js';

const TIMEOUT_MS = 10_000;

/** By the operator's mail server: `smtp://user:password@host:587`, or `smtps://…` for TLS from the first byte. */
export class SmtpMailer extends Mailer {
  readonly delivers = true;
  private readonly transport: Transporter;

  constructor(
    url: string,
    private readonly from: string,
  ) {
    super();
    const { hostname, password, port, protocol, username } = new URL(url);
    const secure = protocol === 'smtps:';
    this.transport = createTransport({
      host: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (secure ? 465 : 587) : Number(port),
      secure,
      ...(username === '' ? {} : { auth: { user: decodeURIComponent(username), pass: decodeURIComponent(password) } }),
      connectionTimeout: TIMEOUT_MS,
      greetingTimeout: TIMEOUT_MS,
      socketTimeout: TIMEOUT_MS,
      disableFileAccess: true,
      disableUrlAccess: true,
    });
  }

  async send({ to, subject, text }: Mail): Promise<void> {
    assertNoConnectionHeld('The mail server');
    try {
      // As an object the address is taken as it is: a comma in it makes no second one.
      await this.transport.sendMail({ from: this.from, to: { name: '', address: to }, subject, text });
    } catch (error) {
      throw new MailError(error);
    }
  }
}
