import { serve } from '../../test/support/served-fetch.js';
import { RestError } from '../sdk/index.js';
import { fetchDemo, refreshTokens } from './api.js';

describe('fetchDemo', () => {
  it('is null where there is no demo, and does not hide other trouble', async () => {
    serve({ status: 404, body: {} });
    expect(await fetchDemo()).toBeNull();
    serve({ status: 500, body: { detail: 'Broken' } });
    await expect(fetchDemo()).rejects.toThrow('Broken');
  });
});

describe('refreshTokens', () => {
  it('tells a refused token from a server in trouble', async () => {
    serve({ status: 401, body: {} });
    expect(await refreshTokens('r')).toBeNull();
    serve({ status: 429, body: {} });
    await expect(refreshTokens('r')).rejects.toBeInstanceOf(RestError);
    serve({ status: 503, body: {} });
    await expect(refreshTokens('r')).rejects.toBeInstanceOf(RestError);
  });
});
