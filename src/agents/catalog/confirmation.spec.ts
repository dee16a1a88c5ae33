import { tool } from '../../../test/support/agent-fakes.js';
import { addressesIn, confirmModeOf } from './confirmation.js';

const withInputs = (properties: Record<string, unknown>) => tool('t', { inputSchema: { type: 'object', properties } });
const found = (args: Record<string, unknown>, own: string[] = []) =>
  addressesIn(withInputs(Object.fromEntries(Object.keys(args).map((name) => [name, {}]))), args, own);

it.each([
  [{ to: 'ana@example.com' }],
  [{ account: 'DE89 3704 0044 0532 0130 00' }],
  [{ mobile: '0171 2345678' }],
  [{ recipient: '+49 171 2345678' }],
  [{ recipients: ['x', 'ana@example.com'] }],
  [{ target: { email: 'ana@example.com' } }],
  [{ to: 'Eve <eve@example.com>' }],
  [{ to: 'ana@example.com,eve@example.com' }],
  [{ to: 'Ana <ana@example.com>; eve@example.com;' }],
  [{ deliver_to: 'https://hooks.example.com/in/42' }],
  [{ target: { callbackUrl: 'hooks.example.com/in' } }],
  [{ link: 'ftp://example.com/drop' }],
  [{ to: 'https://example.com/a,b?c=1;2' }],
  [{ to: ['https://a.example.com', 'ana@example.com'] }],
  [{ to: 'ana@example.com, https://b.example.com/x' }],
  [{ webhook: 'https://a.example.com https://b.example.com' }],
  [{ to: 'tel:+491712345678' }],
])('sees where %j would go to', (args) => {
  expect(found(args)).toEqual(Object.keys(args));
});

it.each([
  [{ order_id: '10420017' }],
  [{ day: '2026-05-01' }],
  [{ note: 'write to ana at home' }],
  [{ note: 'my address is ana@example.com, and I have moved' }],
  [{ amount: 200_000 }],
  [{ note: 'as told on https://example.com/help, please' }],
  [{ file: 'report.v2.pdf' }],
  [{ ratio: '16:9' }],
  [{ at: '12:30, 14:00' }],
  [{ title: 'Re: order 1042' }],
  [{ website: 'the old one' }],
])('sees no address in %j', (args) => {
  expect(found(args)).toEqual([]);
});

it('knows the caller’s own', () => {
  expect(found({ to: ' Ana@Example.com ' }, ['ana@example.com'])).toEqual([]);
  expect(found({ to: 'ana@example.com', copy: 'b@example.com' }, ['ana@example.com'])).toEqual(['copy']);
  expect(found({ to: 'Ana <ana@example.com>' }, ['ana@example.com'])).toEqual([]);
  expect(found({ to: 'ana@example.com, b@example.com' }, ['ana@example.com'])).toEqual(['to']);
});

it('takes what the schema itself names for vouched for', () => {
  const hook = withInputs({ hook: { enum: ['https://a.example.com', 'https://b.example.com'] }, copy: {} });
  expect(addressesIn(hook, { hook: 'https://a.example.com', copy: 'https://a.example.com' })).toEqual(['copy']);
});

it('asks for what changes something and goes to an address, unless the tenant says otherwise', () => {
  const mode = (readOnly: boolean, config: Record<string, unknown>) => confirmModeOf(tool('t', { readOnly, config }));
  expect([mode(true, { confirm: 'always' }), mode(false, {}), mode(false, { confirm: 'perhaps' })]).toEqual([
    'never',
    'address',
    'address',
  ]);
  expect([mode(false, { confirm: 'never' }), mode(false, { confirm: 'always' })]).toEqual(['never', 'always']);
});
