import { execFileSync } from 'node:child_process';
import { ACME } from './acme.tenant.js';
import type { DemoLogin } from './demo.logins.js';
import { JOBS } from './jobs.tenant.js';
import { welcomeLines } from './demo.welcome.js';

const loginsOf = ({ name, slug, users }: typeof ACME): DemoLogin[] =>
  users.map((user) => ({ tenant: slug, tenantName: name, user }));

describe('welcomeLines', () => {
  it('names everybody who can sign in, and the password', () => {
    const text = welcomeLines('http://127.0.0.1:3000', {
      list: [...loginsOf(ACME), ...loginsOf(JOBS)],
      password: 'open sesame',
      reading: false,
    }).join('\n');
    for (const { email } of [...ACME.users, ...JOBS.users]) expect(text).toContain(email);
    expect(text).toContain('open sesame');
    expect(text).toContain('ws://127.0.0.1:3000/ws/chat?token=$TOKEN');
  });

  it('survives a shell with any password', () => {
    const password = `it's "quoted" \\ $HOME \`id\` 'twice'`;
    const line = welcomeLines('http://127.0.0.1:3000', { list: loginsOf(ACME), password, reading: false }).find(
      (text) => text.includes('TOKEN=$('),
    );
    // The same words, with a program in curl's place that shows what it was given.
    const shown = /TOKEN=\$\(curl (.*) \| node -pe/.exec(line ?? '')?.[1] ?? '';
    const output = execFileSync('sh', ['-c', `printf '%s\\n' ${shown}`], { encoding: 'utf8' });
    expect(JSON.parse(output.trim().split('\n').at(-1) ?? '')).toEqual({
      tenant: 'acme',
      email: 'user@acme.test',
      password,
    });
  });

  it('says that documents are still being read, and only then', () => {
    const lines = (reading: boolean) =>
      welcomeLines('http://127.0.0.1:3000', { list: loginsOf(ACME), password: 'x', reading }).join('\n');
    expect(lines(true)).toContain('still being read');
    expect(lines(false)).not.toContain('still being read');
  });

  it('says where the shop stands, when it is open', () => {
    const lines = (shop: string | null) =>
      welcomeLines('http://127.0.0.1:3000', { list: loginsOf(ACME), password: 'x', reading: false }, shop).join('\n');
    expect(lines('http://127.0.0.1:3001')).toContain('http://127.0.0.1:3001/');
    expect(lines(null)).not.toContain('website');
  });

  it('says nothing where the shop was not seeded', () => {
    expect(welcomeLines('http://127.0.0.1:3000', { list: loginsOf(JOBS), password: 'x', reading: true })).toEqual([]);
  });
});
