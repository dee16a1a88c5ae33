import { personCallOf } from './person-call.js';

describe('a tool that calls for a person', () => {
  it('says so in its result, in one of three ways', () => {
    expect(personCallOf('refund', { escalate: true })).toEqual([
      { tool: 'refund', reason: 'refund asks for a person', skill: null },
    ]);
    expect(personCallOf('refund', { escalate: 'Above the limit' })).toMatchObject([{ reason: 'Above the limit' }]);
    expect(personCallOf('refund', { escalate: { reason: 'Above the limit', skill: 'refunds' } })).toEqual([
      { tool: 'refund', reason: 'Above the limit', skill: 'refunds' },
    ]);
  });

  it.each([
    null,
    'escalate',
    [],
    {},
    { escalate: false },
    { escalate: '' },
    { escalate: { skill: 'x' } },
    { other: 1 },
  ])('is not heard in %j', (data) => expect(personCallOf('refund', data)).toEqual([]));
});
