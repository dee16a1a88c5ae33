import { redactPath, scrubSecrets } from './redact.js';

describe('redactPath', () => {
  const id = '0199f6f2-7c1e-7a55-8f3e-5a4f0f3f9a10';
  it.each([
    [`/api/acme/conversations/eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln`, '/api/acme/conversations/[redacted]'],
    [`/api/admin/api-keys/sk_${id}_canary-0123456789/x`, '/api/admin/api-keys/[redacted]/x'],
    [`/api/auth/rt_${id}_${id}_canary`, '/api/auth/[redacted]'],
    [`/vt_${id}_${id}_canary`, '/[redacted]'],
    [`/ws_canary0123456789canary0123456789`, '/[redacted]'],
    [`/v1/sk-canary0123456789abcdef`, '/v1/[redacted]'],
  ])('turns %s into %s', (path, shown) => {
    expect(redactPath(path)).toBe(shown);
  });

  it.each([
    `/api/acme/conversations/${id}/messages`,
    `/api/public/widgets/pk_${id}_q0XoE3mYpVbT9sLk/config`,
    '/api/task-force-of-the-year/conversations',
    '/api/pr-agency-of-berlin-mitte/chat',
    '/ws/chat',
    '/.well-known/jwks.json',
  ])('leaves %s as it is', (path) => {
    expect(redactPath(path)).toBe(path);
  });
});

describe('scrubSecrets', () => {
  it.each([
    ['Authorization: Bearer abc.def', 'abc.def'],
    ['key gsk_abcdefgh12345678', 'abcdefgh'],
    ['OPENAI sk-proj-abcdefgh12345678', 'abcdefgh'],
    ['{"password":"hunter2"}', 'hunter2'],
    ['-----BEGIN PRIVATE KEY-----\nMIIabc', 'MIIabc'],
    ['redis://:hunter2@cache:6379', 'hunter2'],
  ])('takes the credential out of %s', (text, secret) => {
    expect(scrubSecrets(text)).not.toContain(secret);
    expect(scrubSecrets(text)).toContain('[redacted]');
  });

  it('leaves ordinary words alone', () => {
    expect(scrubSecrets('the token bucket of task_1 is empty')).toBe('the token bucket of task_1 is empty');
  });
});
