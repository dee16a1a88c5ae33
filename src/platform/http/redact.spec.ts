import { redactUrl, scrubSecrets } from './redact.js';

describe('redactUrl', () => {
  it.each([
    ['/ws/chat?token=eyJ.a.b&stream=true', '/ws/chat?token=[redacted]&stream=true'],
    ['/ws/chat?stream=true&TOKEN=x', '/ws/chat?stream=true&TOKEN=[redacted]'],
    ['/ws/chat?%74oken=x', '/ws/chat?%74oken=[redacted]'],
    ['/ws/chat?%zz=x', '/ws/chat?%zz=[redacted]'],
    ['/page#access_token=x', '/page'],
    ['/plain', '/plain'],
  ])('turns %s into %s', (url, shown) => {
    expect(redactUrl(url)).toBe(shown);
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
