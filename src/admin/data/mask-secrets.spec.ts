import { maskSecrets } from './mask-secrets.js';

describe('secrets in an archive', () => {
  it('are their last four characters, wherever they stand', () => {
    const row = {
      password_hash: '$argon2id$v=19$abcdefgh',
      config: {
        headers: { Authorization: 'Bearer very-secret-1234', accept: 'text/plain' },
        apiKeys: ['sk-0123456789'],
      },
      token: 'short',
    };
    expect(maskSecrets(row)).toEqual({
      password_hash: '…efgh',
      config: { headers: { Authorization: '…1234', accept: 'text/plain' }, apiKeys: ['…6789'] },
      token: '…',
    });
  });

  it('are not what people wrote, nor ids and counts that sound like it', () => {
    const row = {
      content: 'my password is hunter2, the token too',
      credential_id: '01890000-0000-7000-8000-000000000000',
      tokens_used: '12',
      max_tokens: 300,
      secret: null,
    };
    expect(maskSecrets(row)).toEqual(row);
  });
});
