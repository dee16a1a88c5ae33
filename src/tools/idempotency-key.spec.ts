import { toolIdempotencyKey } from './idempotency-key.js';

const call = {
  tenantId: 't1',
  messageId: 'm1',
  agentKey: 'invoices',
  toolKey: 'send_invoice',
  args: { id: '1042', email: 'a@b.c' },
  ordinal: 0,
};

describe('toolIdempotencyKey', () => {
  it('is equal for each attempt, whatever the order of the arguments', () => {
    const again = { ...call, args: { email: 'a@b.c', id: '1042' } };
    expect(toolIdempotencyKey(again)).toBe(toolIdempotencyKey(call));
    expect(toolIdempotencyKey(call)).toMatch(/^[0-9a-f]{64}$/);
  });

  it.each([
    ['tenant', { tenantId: 't2' }],
    ['message', { messageId: 'm2' }],
    ['agent', { agentKey: 'other' }],
    ['tool', { toolKey: 'other' }],
    ['arguments', { args: { id: '1042' } }],
    ['ordinal', { ordinal: 1 }],
  ])('differs by %s', (_what, change) => {
    expect(toolIdempotencyKey({ ...call, ...change })).not.toBe(toolIdempotencyKey(call));
  });

  it('does not confuse neighbouring fields', () => {
    const shifted = { ...call, agentKey: 'invoicessend', toolKey: '_invoice' };
    expect(toolIdempotencyKey(shifted)).not.toBe(toolIdempotencyKey(call));
  });
});
