import type { Mail, Mailer } from '#platform/mail';

export interface MailerUnderTest {
  readonly mailer: Mailer;
  /** What arrived where letters go: text that somebody can read. */
  arrived(): Promise<string[]>;
  stop(): Promise<void>;
}

const LINK = `https://app.example.com/reset-password?token=pr_${'a'.repeat(120)}`;

/** What every way of sending letters keeps. */
export function describeMailer(name: string, start: () => Promise<MailerUnderTest>): void {
  describe(`${name}, as a mailer`, () => {
    let under: MailerUnderTest;
    beforeEach(async () => void (under = await start()));
    afterEach(() => under.stop());
    const mail = (change: Partial<Mail> = {}): Mail => ({
      to: 'ann@example.com',
      subject: 'Set a new password',
      text: `Open:\n\n${LINK}\n`,
      ...change,
    });

    it('brings a letter with its link whole', async () => {
      await under.mailer.send(mail());
      const [letter] = await under.arrived();
      expect(letter).toContain(LINK);
      expect(letter).toContain('ann@example.com');
    });

    it('takes letters side by side', async () => {
      await Promise.all([1, 2, 3].map((n) => under.mailer.send(mail({ text: `number ${n}` }))));
      const letters = await under.arrived();
      for (const n of [1, 2, 3]) expect(letters.some((letter) => letter.includes(`number ${n}`))).toBe(true);
    });

    it('lets nothing in an address or a subject become a header or another receiver', async () => {
      await under.mailer.send(mail({ subject: 'a\r\nBcc: evil@example.com', to: 'ann@example.com' }));
      await under.mailer.send(mail({ to: 'ann@example.com, evil@example.com' })).catch(() => undefined);
      for (const letter of await under.arrived()) expect(letter).not.toMatch(/^to: .*<?evil@|^bcc:/im);
    });
  });
}
