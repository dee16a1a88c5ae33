import { setTimeout as sleep } from 'node:timers/promises';
import type { RequestContext } from '#platform/context';
import { contextOf, conversationWorld, message, Reader, turnOf } from '../../support/conversation-world.js';
import { TestDatabase } from '../../support/test-database.js';

const MESSAGES = 200;
const MOST_MS = 3000;

/** A message and the end of the turn before it, at the same moment in one process. */
describe('a message that comes just as the turn before it ends', () => {
  let db: TestDatabase;
  let ctx: RequestContext;
  beforeAll(async () => {
    db = await TestDatabase.start();
    const { tenantId } = await db.tenant();
    ctx = contextOf(tenantId, await db.principal(tenantId));
  });
  afterAll(() => db.stop());

  it(`is answered, ${MESSAGES} times, at whatever moment of that end it comes`, async () => {
    const gates = new Map<string, { opened: Promise<void>; open: () => void }>();
    const gate = (name: string) => {
      let open: () => void = () => undefined;
      const made = gates.get(name) ?? { opened: new Promise<void>((resolve) => (open = resolve)), open: () => open() };
      gates.set(name, made);
      return made;
    };
    const world = conversationWorld(db.uow, {
      script: async (input, emit) => {
        emit({ type: 'token', content: input.content });
        await gate(input.content).opened;
      },
    });
    try {
      const reader = new Reader();
      let before = await world.turns.submit(ctx, message('0'), reader);
      const conversation = { kind: 'id', id: before.conversationId } as const;
      const verdicts = new Set<unknown>();
      const waits: number[] = [];
      let ends = Date.now();
      let waited = false;
      for (let n = 1; n <= MESSAGES; n++) {
        await reader.until((event) => event.type === 'token' && event.turn_id === turnOf(before), MOST_MS);
        if (waited) waits.push(Date.now() - ends);
        gate(String(n - 1)).open();
        ends = Date.now();
        // From before its end leaves for the database until after the reply to it.
        if (n % 8 > 0) await sleep(n % 8);
        else if (n % 16 > 0) await new Promise(setImmediate);
        const next = await world.turns.submit(ctx, message(String(n), { conversation }), reader);
        verdicts.add(next.turnStatus);
        waited = next.turnStatus === 'queued';
        await reader.until((event) => event.type === 'done' && event.turn_id === turnOf(before), MOST_MS);
        before = next;
      }
      gate(String(MESSAGES)).open();
      await reader.until((event) => event.type === 'done' && event.turn_id === turnOf(before), MOST_MS);
      // Both sides of the race were met.
      expect(verdicts).toEqual(new Set(['queued', 'running']));
      // The end itself begins what waits: the tick, up to a second later, is for what was missed.
      const [median = 0] = [...waits].sort((a, b) => a - b).slice(Math.floor(waits.length / 2));
      expect(median).toBeLessThan(300);
      expect(world.inputs.map(({ content }) => content)).toEqual(
        Array.from({ length: MESSAGES + 1 }, (_, n) => `${n}`),
      );
      expect(reader.types().filter((type) => type === 'done')).toHaveLength(MESSAGES + 1);
    } finally {
      await world.stop();
    }
  });
});
