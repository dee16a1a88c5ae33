import type { RequestContext } from '#platform/context';
import { MatchingRepository } from '../../../src/rag/matching/matching.repository.js';
import { RecordCatalogs } from '../../../src/rag/matching/record-catalogs.js';
import { conditionsOf } from '../../../src/rag/matching/wish-conditions.js';
import type { Wish } from '../../../src/rag/matching/wishes.js';
import { NEVER, RagUnderTest } from './rag-support.js';

const BOATS = [
  { id: 'B1', name: 'Sloop Marie', port: 'Kiel', length: 9, berths: 4, rigged: true, extras: ['autopilot'] },
  { id: 'B2', name: 'Yawl Ida "the Quick"', port: 'Kiel', length: 12, berths: 6, rigged: true, extras: [] },
  {
    id: 'B3',
    name: 'Barge Otto',
    port: 'Gent',
    length: 30,
    berths: 8,
    rigged: false,
    extras: ['heating', 'autopilot'],
  },
  { id: 'B4', name: 'Dinghy Pip', port: 'Gent', length: 3, berths: 0, rigged: true, extras: [] },
];

let rag: RagUnderTest;
let ctx: RequestContext;
let baseId: string;

beforeAll(async () => {
  rag = await RagUnderTest.start();
  ctx = await rag.caller();
  baseId = (await rag.bases.create(ctx, { name: 'Boats', kind: 'records', settings: { titleField: 'name' } })).id;
  for (const document of await rag.documents.addRecords(ctx, baseId, BOATS)) await rag.settled(ctx, document);
}, 60_000);
afterAll(() => rag.stop());

const wish = (anyOf: Wish['anyOf'], rest: Partial<Wish> = {}): Wish => {
  return { said: 'that', role: 'attribute', not: false, anyOf, ...rest };
};
const ask = async (wishes: readonly Wish[], rest: object = {}) => {
  const request = {
    knowledgeBaseId: baseId,
    profile: {},
    wishes: { wishes, count: null, order: null, pick: null, ...rest },
  };
  const metered = <T>(call: (onUsage: () => void) => Promise<T>) => call(() => undefined);
  return rag.matching.match(ctx, request, NEVER, metered);
};
const inKiel = wish([{ kind: 'values', field: 'port', values: ['Kiel'] }], { said: 'Kiel' });
const long = wish([{ kind: 'range', field: 'length', gte: 10 }], { said: 'over 10 m' });

it('finds those that meet every wish, in the order that was asked for', async () => {
  expect((await ask([inKiel, long])).items.map(({ id }) => id)).toEqual(['B2']);
  const { items } = await ask([inKiel], { order: { field: 'length', descending: true } });
  expect(items.map(({ fits, id }) => [id, fits])).toEqual([
    ['B2', true],
    ['B1', true],
  ]);
  expect((await ask([inKiel], { pick: 2, order: { field: 'length', descending: true } })).items).toMatchObject([
    { id: 'B1' },
  ]);
});

it('says which wish nothing meets together with the rest, and what comes nearest, at a lower score', async () => {
  const huge = wish([{ kind: 'range', field: 'length', gte: 20 }], { said: 'over 20 m' });
  const { items, unmet } = await ask([inKiel, huge]);
  expect(unmet).toEqual(['over 20 m']);
  expect(items[0]).toMatchObject({ id: 'B2', fits: false });
  expect(items[0]?.score).toBeLessThan(0.7);
});

it('offers nothing when nothing resembles what was asked', async () => {
  const submarine = wish([], { said: 'submarine', role: 'topic' });
  expect(await ask([inKiel, submarine])).toEqual({ items: [], unmet: ['submarine'] });
});

it('chooses among more records than are scored by the wishes themselves', async () => {
  const repository = new MatchingRepository(rag.database.uow);
  const heated = wish([{ kind: 'values', field: 'extras', values: ['heating', 'no"thing'] }]);
  const quoted = wish([{ kind: 'values', field: 'name', values: ['Yawl Ida "the Quick"'] }]);
  const flat = wish([{ kind: 'flag', field: 'rigged', value: false }]);
  const first = async (wishes: readonly Wish[]) => {
    const asked = { conditions: conditionsOf(wishes), limit: 1, vector: null };
    return (await repository.candidates(ctx, baseId, asked))[0]?.record['id'];
  };
  expect(await first([heated])).toBe('B3');
  expect(await first([quoted])).toBe('B2');
  expect(await first([flat])).toBe('B3');
  expect(await first([inKiel, long])).toBe('B2');
  expect(await first([wish([{ kind: 'range', field: 'port', gte: 3 }]), inKiel])).toMatch(/B[12]/);
});

it('reads the records of a base once for each state of them, and never those of somebody’s own records', async () => {
  const own = (await rag.bases.create(ctx, { name: 'Shared boats', kind: 'records' })).id;
  const add = async (record: object, labels: object = {}) =>
    rag.settled(ctx, await rag.documents.addRecord(ctx, own, { ...record }, labels));
  const open = await add({ name: 'Open', port: 'Kiel' });
  await add({ name: 'Hidden', port: 'Nassau' }, { ownerId: ctx.principal.id });
  await add({ name: 'For skippers', port: 'Tortuga' }, { personas: ['skipper'] });
  let [asked, queries] = [0, 0];
  class Counting extends MatchingRepository {
    override shared(...args: Parameters<MatchingRepository['shared']>) {
      queries++;
      return super.shared(...args);
    }
    override sharedState(...args: Parameters<MatchingRepository['sharedState']>) {
      asked++;
      return super.sharedState(...args);
    }
  }
  const catalogs = new RecordCatalogs(new Counting(rag.database.uow));
  const base = await rag.bases.get(ctx, own);
  const guest = await rag.caller({ tenantId: ctx.tenantId, role: 'end_user' });
  const skipper = await rag.caller({ tenantId: ctx.tenantId, role: 'end_user', persona: 'skipper' });
  const ports = async (caller: RequestContext) =>
    (await catalogs.of(caller, base)).fields.find(({ name }) => name === 'port')?.values;
  expect(await ports(guest)).toEqual(['Kiel']);
  expect(await ports(guest)).toEqual(['Kiel']);
  expect([...((await ports(skipper)) ?? [])].sort()).toEqual(['Kiel', 'Tortuga']);
  expect([asked, queries]).toEqual([2, 2]);
  // Whatever lets it doubt that it knows them: as long as no record changed none is read again.
  const first = await catalogs.of(guest, base);
  await expect(catalogs.of(guest, { ...base, documentCount: base.documentCount + 1 })).resolves.toBe(first);
  expect([asked, queries]).toEqual([3, 2]);
  // What only others see is no change.
  await add({ name: 'Hidden too', port: 'Nassau' }, { ownerId: ctx.principal.id });
  await expect(catalogs.of(guest, { ...base, documentCount: base.documentCount + 2 })).resolves.toBe(first);
  // One gone and one come leave every counter as it was.
  await rag.documents.delete(ctx, own, open.id);
  await add({ name: 'Open too', port: 'Gent' });
  const second = await catalogs.of(guest, { ...base, documentCount: base.documentCount + 3 });
  expect(second.fields.find(({ name }) => name === 'port')?.values).toEqual(['Gent']);
  expect([asked, queries]).toEqual([5, 3]);
});

it('shows what was shown again, in its order, and only what the caller may see of that base', async () => {
  const metered = <T>(call: (onUsage: () => void) => Promise<T>) => call(() => undefined);
  const request = { knowledgeBaseId: baseId, profile: {} };
  const { items } = await ask([inKiel]);
  const [first, second] = items.map(({ document_id: id }) => id);
  const documentIds = [second ?? '', '018f0000-0000-7000-8000-000000000000', first ?? ''];
  const again = await rag.matching.match(ctx, { ...request, documentIds }, NEVER, metered);
  expect(again.items.map(({ document_id: id }) => id)).toEqual([second, first]);
  const stranger = await rag.caller();
  expect(await rag.matching.match(stranger, { ...request, documentIds }, NEVER, metered)).toEqual({
    items: [],
    unmet: [],
  });
  const others = await rag.matching.match(ctx, { ...request, except: [first ?? '', second ?? ''] }, NEVER, metered);
  expect(others.items.map(({ id }) => id).sort()).toEqual(['B3', 'B4']);
});
