/**
 * Letters to people: `Mailer` is the port, SMTP by nodemailer (SMTP_URL) and the log are its adapters. It knows addresses and
 * text; what is written, and to whom, is decided by whoever calls.
 */
export { type Mail, MailError, Mailer } from './mailer.port.js';
export { LogMailer } from './log.mailer.js';
export { SmtpMailer } from './smtp.mailer.js';
export { MailModule } from './mail.module.js';
