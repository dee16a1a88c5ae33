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
])('sees where %j would go to', (args) => {
  expect(found(args)).toEqual(Object.keys(args));
});

it.each([
  [{ order_id: '10420017' }],
  [{ day: '2026-05-01' }],
  [{ note: 'write to ana at home' }],
  [{ note: 'my address is ana@example.com, and I have moved' }],
  [{ amount: 200_000 }],
])('sees no address in %j', (args) => {
  expect(found(args)).toEqual([]);
});

it('knows the caller’s own', () => {
  expect(found({ to: ' Ana@Example.com ' }, ['ana@example.com'])).toEqual([]);
  expect(found({ to: 'ana@example.com', copy: 'b@example.com' }, ['ana@example.com'])).toEqual(['copy']);
  expect(found({ to: 'Ana <ana@example.com>' }, ['ana@example.com'])).toEqual([]);
  expect(found({ to: 'ana@example.com, b@example.com' }, ['ana@example.com'])).toEqual(['to']);
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
