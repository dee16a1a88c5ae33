import { LogMailer, MailError, SmtpMailer } from '#platform/mail';
import { describeMailer } from '../../support/mailer.conformance.js';
import { SmtpStandin } from '../../support/smtp-standin.js';

describeMailer('the SMTP adapter', async () => {
  const server = await SmtpStandin.start();
  return {
    mailer: new SmtpMailer(server.url, 'no-reply@example.com'),
    arrived: async () =>
      server.received.map(
        ({ to, subject, text }) => to.map((one) => `to: <${one}>`).join('\n') + `\nsubject: ${subject}\n\n${text}`,
      ),
    stop: () => server.stop(),
  };
});

describeMailer('the log adapter', async () => {
  const lines: string[] = [];
  const logger = { info: (line: unknown) => void lines.push(String(line)), warn: () => undefined };
  return {
    mailer: new LogMailer(logger as never, false),
    arrived: async () => lines,
    stop: async () => undefined,
  };
});

describe('the SMTP adapter', () => {
  it('says when the server takes no letter, and when there is none', async () => {
    const server = await SmtpStandin.start();
    const mailer = new SmtpMailer(server.url, 'no-reply@example.com');
    const mail = { to: 'ann@example.com', subject: 's', text: 't' };
    server.refuse = true;
    await expect(mailer.send(mail)).rejects.toThrow(MailError);
    server.refuse = false;
    await mailer.send(mail);
    await server.stop();
    await expect(mailer.send(mail)).rejects.toThrow(MailError);
  });
});

describe('the log adapter', () => {
  it('keeps what letters say out of the log in production', async () => {
    const said: unknown[] = [];
    const logger = {
      info: (...all: unknown[]) => void said.push(all),
      warn: (...all: unknown[]) => void said.push(all),
    };
    await new LogMailer(logger as never, true).send({ to: 'ann@example.com', subject: 's', text: 'canary' });
    expect(JSON.stringify(said)).toContain('SMTP_URL');
    expect(JSON.stringify(said)).not.toContain('canary');
  });
});
