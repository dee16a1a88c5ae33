import { accessOf } from '../llm/credentials/credential.js';
import { SecretString } from '#platform/secrets';
import { withoutSecret } from './echoed-secret.js';

const SECRET = 'pä"ss/wörd+1';

const draft = { name: 'n', provider: null, baseUrl: 'https://a.example/v1', header: null, query: null, scheme: null };
const access = accessOf({ ...draft, kind: 'basic', username: 'bot' }, new SecretString(SECRET));

function shown(body: string, type = 'application/json'): string {
  const answer = { status: 200, headers: { 'content-type': type }, body: Buffer.from(body), url: 'https://a.example' };
  return withoutSecret(answer, access).body.toString('utf8');
}

describe('withoutSecret', () => {
  const pair = Buffer.from(`bot:${SECRET}`).toString('base64');
  it.each([
    ['plainly', SECRET],
    ['as the pair of HTTP Basic', pair],
    ['without its padding', pair.replace(/=+$/, '')],
    ['in base64', Buffer.from(SECRET).toString('base64')],
    ['in base64url', Buffer.from(SECRET).toString('base64url')],
    ['for a URL', encodeURIComponent(SECRET)],
  ])('masks what is repeated %s', (_how, echo) => {
    expect(shown(`you sent ${echo} and more`, 'text/plain')).toBe('you sent [secret] and more');
    expect(JSON.parse(shown(JSON.stringify({ said: echo, [echo]: 1 })))).toEqual({ said: '[secret]', '[secret]': 1 });
  });

  it('masks every way to write it in JSON', () => {
    const escaped = [...SECRET].map((char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`).join('');
    expect(JSON.parse(shown(`{"said":"${escaped}"}`))).toEqual({ said: '[secret]' });
    expect(JSON.parse(shown(`{"said":${JSON.stringify(SECRET).replace('/', '\\/')}}`))).toEqual({ said: '[secret]' });
  });

  it('leaves everything else as it is', () => {
    expect(shown('{ "a": 1.50 }')).toBe('{ "a": 1.50 }');
  });
});
