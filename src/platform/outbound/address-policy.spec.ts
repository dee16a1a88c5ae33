import { hostOf, hostPortOf, isPrivateName, isPublicAddress, isWebPort, parseHostPort } from './address-policy.js';

describe('isPublicAddress', () => {
  it.each(['8.8.8.8', '1.1.1.1', '93.184.216.34', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])(
    'accepts %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  );

  it.each([
    ['unspecified', '0.0.0.0'],
    ['"this network"', '0.1.2.3'],
    ['loopback', '127.0.0.1'],
    ['loopback, another', '127.0.0.2'],
    ['private', '10.0.0.1'],
    ['private', '172.16.0.1'],
    ['private', '192.168.1.1'],
    ['carrier-grade NAT', '100.64.0.1'],
    ['Alibaba metadata', '100.100.100.200'],
    ['metadata', '169.254.169.254'],
    ['Azure metadata', '168.63.129.16'],
    ['Oracle metadata', '192.0.0.192'],
    ['benchmarking', '198.18.0.1'],
    ['documentation', '203.0.113.9'],
    ['multicast', '224.0.0.1'],
    ['reserved', '240.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['unspecified', '::'],
    ['loopback', '::1'],
    ['mapped loopback', '::ffff:7f00:1'],
    ['mapped metadata', '::ffff:169.254.169.254'],
    ['compatible loopback', '::7f00:1'],
    ['compatible public', '::808:808'],
    ['NAT64 of loopback', '64:ff9b::7f00:1'],
    ['NAT64 of a private address', '64:ff9b::a00:1'],
    ['local NAT64', '64:ff9b:1::808:808'],
    ['translated', '::ffff:0:7f00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['unique local', 'fd00::1'],
    ['AWS metadata', 'fd00:ec2::254'],
    ['unique local', 'fc00::1'],
    ['link local', 'fe80::1'],
    ['link local with a zone', 'fe80::1%eth0'],
    ['site local', 'fec0::1'],
    ['multicast', 'ff02::1'],
    ['documentation', '2001:db8::1'],
    ['unassigned', '4000::1'],
    ['not an address', 'example.com'],
    ['empty', ''],
  ])('refuses %s %s', (_kind, address) => expect(isPublicAddress(address)).toBe(false));
});

describe('hosts and ports', () => {
  it.each([
    ['http://LOCALHOST./', 'localhost:80'],
    ['https://2130706433/', '127.0.0.1:443'],
    ['http://0177.0.0.1:81/', '127.0.0.1:81'],
    ['http://0x7f.1:4000/', '127.0.0.1:4000'],
    ['http://127.0.0.1:4000/', '127.0.0.1:4000'],
    ['http://[0:0::1]:4000/', '[::1]:4000'],
  ])('writes %s as %s', (url, expected) => expect(hostPortOf(new URL(url))).toBe(expected));

  it('takes the brackets off', () => expect(hostOf(new URL('http://[::1]/'))).toBe('::1'));

  it('reads allow-list entries, also of default ports', () => {
    expect(parseHostPort('API.internal:80')).toBe('api.internal:80');
    expect(parseHostPort(' [::1]:443 ')).toBe('[::1]:443');
  });

  it.each(['', 'host', 'host:', ':80', 'host:0', 'host:99999', 'http://host:80', 'a@b:80', 'host:80/path', '*:80 x'])(
    'refuses %j as an entry',
    (entry) => expect(() => parseHostPort(entry)).toThrow(/host:port/),
  );

  it.each(['localhost', 'a.localhost', 'db', 'metadata.google.internal', 'printer.local', 'x.home.arpa'])(
    'knows that %s means nothing on the internet',
    (host) => expect(isPrivateName(host)).toBe(true),
  );

  it('lets public names pass', () => expect(isPrivateName('api.example.com')).toBe(false));

  it.each([80, 443, 8080, 8443, 3000])('takes port %d', (port) => expect(isWebPort(port)).toBe(true));
  it.each([0, 21, 22, 25, 5432, 6379, 11211, 27017])('refuses port %d', (port) => expect(isWebPort(port)).toBe(false));
});
