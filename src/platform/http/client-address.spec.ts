import { isCallFromThisMachine, limitedAddress } from './client-address.js';

describe('limitedAddress', () => {
  it.each([
    ['127.0.0.1', '127.0.0.1'],
    ['::ffff:10.0.0.1', '10.0.0.1'],
    ['2001:db8:1:2:aaaa::1', '2001:db8:1:2::/64'],
    ['2001:db8:1:2:bbbb::1', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['10.0.0.1:4711', '10.0.0.1'],
    ['[2001:db8:1:2::1]:4711', '2001:db8:1:2::/64'],
    ['[2001:db8:1:2::1]', '2001:db8:1:2::/64'],
    [undefined, ''],
    ['unknown', 'unknown'],
  ])('counts %s as %s', (address, counted) => {
    expect(limitedAddress(address)).toBe(counted);
  });
});

describe('isCallFromThisMachine', () => {
  const call = (remoteAddress: string | undefined, headers: Record<string, string> = {}) =>
    isCallFromThisMachine({ socket: { remoteAddress }, headers: { host: '127.0.0.1:3000', ...headers } });

  it.each(['127.0.0.1', '127.8.8.8', '::1', '::ffff:127.0.0.1'])('believes the socket: %s', (address) => {
    expect(call(address)).toBe(true);
  });

  it.each(['10.0.0.1', '192.168.1.2', '2001:db8::1', '::ffff:10.0.0.1', '0.0.0.0', 'unknown', undefined])(
    'is not %s, whatever it says of itself',
    (address) => {
      expect(call(address)).toBe(false);
      expect(call(address, { 'x-forwarded-for': '127.0.0.1', 'x-real-ip': '127.0.0.1' })).toBe(false);
    },
  );

  it('is not whoever comes through a proxy here, or by a name that leads here', () => {
    expect(call('127.0.0.1', { 'x-forwarded-for': '127.0.0.1' })).toBe(false);
    expect(call('127.0.0.1', { forwarded: 'for=127.0.0.1' })).toBe(false);
    expect(call('127.0.0.1', { via: '1.1 proxy' })).toBe(false);
    expect(call('127.0.0.1', { host: 'chat.example.com' })).toBe(false);
    expect(call('127.0.0.1', { host: 'localhost:3000' })).toBe(true);
  });
});
