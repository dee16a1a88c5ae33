import { emptyConversation, reduce } from './conversation-state.js';
import { NOBODY, peopleOf, reducePeople } from './people.js';
import type { ServerFrame } from './protocol.js';

const after = (...frames: ServerFrame[]) => frames.reduce(reducePeople, NOBODY);
const WAITING: ServerFrame = { type: 'escalation', escalation_id: 'e', status: 'waiting', position: 2, eta_s: 90 };

describe('what a conversation has to do with people', () => {
  it('waits in a queue that moves', () => {
    expect(after(WAITING).escalation).toMatchObject({ status: 'waiting', position: 2, etaSeconds: 90 });
    expect(after(WAITING, { ...WAITING, position: 1 }).escalation?.position).toBe(1);
  });

  it('belongs to whoever takes it, until they give it back', () => {
    const taken = after(
      WAITING,
      { type: 'escalation', escalation_id: 'e', status: 'assigned', supporter: { name: 'Dara' } },
      { type: 'conversation', owner: 'human', status: 'active', supporter: { name: 'Dara' } },
    );
    expect(taken).toMatchObject({ owner: 'human', supporter: 'Dara', ended: false });
    const returned = reducePeople(reducePeople(taken, { type: 'escalation', escalation_id: 'e', status: 'returned' }), {
      type: 'conversation',
      owner: 'agent',
      status: 'active',
      supporter: null,
    });
    expect(returned).toMatchObject({ owner: 'agent', supporter: null, escalation: null });
  });

  it('asks for an address when nobody is there', () => {
    expect(after({ ...WAITING, contact_form: true }).escalation?.contactForm).toBe(true);
  });

  it('shows that the other one types, until the message is there, and never oneself', () => {
    const human: ServerFrame = { type: 'conversation', owner: 'human' };
    const types: ServerFrame = { type: 'typing', on: true, from: 'supporter', name: 'Dara' };
    expect(after(human, types).typing).toEqual({ from: 'supporter', name: 'Dara' });
    expect(after(human, types, { ...types, on: false }).typing).toBeNull();
    const message: ServerFrame = { type: 'message', id: 'm', role: 'supporter', content: 'Hello' };
    expect(after(human, types, message).typing).toBeNull();
    expect(after(human, { ...types, from: 'user' }).typing).toBeNull();
  });

  it('takes from REST what is known there', () => {
    expect(peopleOf(NOBODY, { id: 'c', owner: 'human', status: 'ended' })).toMatchObject({
      owner: 'human',
      ended: true,
    });
    expect(peopleOf(NOBODY, { id: 'c' })).toEqual(NOBODY);
  });
});

describe('the log of a conversation with people', () => {
  const log = (...frames: ServerFrame[]) =>
    frames.reduce((state, frame) => reduce(state, { type: 'frame', frame }), emptyConversation('c')).items;

  it('notes each step once, however often the place in the queue changes', () => {
    const items = log(
      WAITING,
      { ...WAITING, position: 1 },
      { type: 'escalation', escalation_id: 'e', status: 'assigned' },
    );
    expect(items.map((item) => item.kind === 'note' && item.escalation?.status)).toEqual(['waiting', 'assigned']);
  });

  it('tells that somebody took over before what they have said, when it is opened again', () => {
    const said = (id: string, role: string, seq: number) => ({
      ...{ id, role, content: id, seq, turn_id: role === 'assistant' ? 't' : null },
      created_at: `2026-01-01T00:00:0${seq}.000Z`,
    });
    const items = log(
      {
        ...{ type: 'context_restored', conversation_id: 'c', last_seq: 5 },
        messages: [
          { ...said('asked', 'user', 1), turn_id: 't' },
          said('answered', 'assistant', 2),
          said('well?', 'user', 3),
          said('hello', 'supporter', 4),
          said('thanks', 'user', 5),
        ],
      } as unknown as ServerFrame,
      {
        type: 'escalation',
        escalation_id: 'e',
        status: 'assigned',
        supporter: { name: 'Dara' },
        seq: 5,
      } as ServerFrame,
    );
    const shown = items.map((item) => (item.kind === 'turn' ? item.question?.content : item.message.id));
    expect(shown).toEqual(['asked', 'escalation-e-assigned', 'well?', 'hello', 'thanks']);
  });

  it('puts what a person writes behind what is there, whatever the clocks say', () => {
    const sent = reduce(emptyConversation('c'), {
      type: 'send',
      frame: { type: 'user_message', content: 'Hello?', conversation_id: 'c', client_message_id: 'm' },
      at: '2100-01-01T00:00:00.000Z',
    });
    const frame: ServerFrame = {
      ...{ type: 'message', id: 's', role: 'supporter', content: 'Hello!', created_at: '2026-01-01T00:00:00.000Z' },
      conversation_id: 'c',
    } as ServerFrame;
    expect(reduce(sent, { type: 'frame', frame }).items.map(({ kind }) => kind)).toEqual(['turn', 'note']);
  });
});
