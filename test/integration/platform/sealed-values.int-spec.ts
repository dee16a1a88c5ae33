import { randomBytes } from 'node:crypto';
import type { RequestContext } from '#platform/context';
import { newId, UnitOfWork } from '#platform/database';
import { IdempotencyKeys } from '#platform/http';
import { assertOpenable, resealAll } from '#platform/sealed';
import { SecretBox } from '#platform/secrets';
import { credentialSealedFor } from '#llm';
import { SEALED_COLUMNS } from '../../../src/sealed-columns.js';
import { contextOf } from '../../support/conversation-world.js';
import { TestDatabase } from '../../support/test-database.js';

const [OLD, NEW, FOREIGN] = [randomBytes(32), randomBytes(32), randomBytes(32)] as const;

/** The master key is replaced, and nothing becomes unreadable or readable elsewhere. */
describe('values sealed at rest', () => {
  let database: TestDatabase;
  let work: UnitOfWork;
  const before = new SecretBox([OLD]);
  const during = new SecretBox([NEW, OLD]);
  const after = new SecretBox([NEW]);

  beforeAll(async () => {
    database = await TestDatabase.start();
    work = database.uow;
  }, 60_000);
  afterAll(() => database.stop());
  afterEach(async () => {
    const tenants = await work.lookup<{ tenant_id: string }>('SELECT tenant_id FROM app.tenant_ids(NULL, 1000)');
    for (const { tenant_id: tenantId } of tenants) {
      await work.query({ tenantId }, 'DELETE FROM app.credential WHERE tenant_id = $1', [tenantId]);
      await work.query({ tenantId }, 'DELETE FROM app.idempotency_key WHERE tenant_id = $1', [tenantId]);
    }
  });

  async function credential(tenantId: string, secret: string, box = before): Promise<string> {
    const id = newId();
    await work.query(
      { tenantId },
      `INSERT INTO app.credential (tenant_id, id, kind, name, base_url, sealed, last4) VALUES ($1, $2, 'header', $3, 'https://x.example', $4, '')`,
      [tenantId, id, id, box.seal(secret, credentialSealedFor(tenantId, id))],
    );
    return id;
  }
  async function read(tenantId: string, id: string, box: SecretBox): Promise<string> {
    const [row] = await work.query<{ sealed: Buffer }>(
      { tenantId },
      'SELECT sealed FROM app.credential WHERE tenant_id = $1 AND id = $2',
      [tenantId, id],
    );
    return box.open(row?.sealed ?? Buffer.alloc(0), credentialSealedFor(tenantId, id)).reveal();
  }
  async function caller(): Promise<RequestContext> {
    const { tenantId } = await database.tenant();
    return contextOf(tenantId, await database.principal(tenantId));
  }
  const total = (results: readonly { resealed: number; lost: number }[]) => ({
    resealed: results.reduce((sum, one) => sum + one.resealed, 0),
    lost: results.reduce((sum, one) => sum + one.lost, 0),
  });

  it('stop a start whose keys do not open them, which says what they are and whose', async () => {
    const ctx = await caller();
    await credential(ctx.tenantId, 'sk-canary');
    await new IdempotencyKeys(work, before).claim(ctx, 'k', 'POST /x');
    await new IdempotencyKeys(work, before).finish(ctx, 'k', { status: 201, location: null, body: {} });
    for (const box of [before, during]) await assertOpenable(work, box, SEALED_COLUMNS);
    const refused = assertOpenable(work, after, SEALED_COLUMNS);
    await expect(refused).rejects.toThrow(`credentials of tenant ${ctx.tenantId}`);
    await expect(refused).rejects.toThrow(/answers kept .*SECRETS_KEY_PREVIOUS.*secrets rotate/s);
  });

  it('are sealed anew with the newest key, of every tenant and kind', async () => {
    const [a, b] = [await caller(), await caller()];
    const ids = await Promise.all([credential(a.tenantId, 'one'), credential(b.tenantId, 'two')]);
    const fresh = await credential(b.tenantId, 'three', after);
    await new IdempotencyKeys(work, before).claim(a, "it's: a/key", 'POST /x');
    await new IdempotencyKeys(work, before).finish(a, "it's: a/key", {
      status: 201,
      location: null,
      body: { key: 'sk' },
    });
    expect(total(await resealAll(work, during, SEALED_COLUMNS))).toEqual({ resealed: 3, lost: 0 });
    await assertOpenable(work, after, SEALED_COLUMNS);
    expect(await read(a.tenantId, ids[0], after)).toBe('one');
    expect(await read(b.tenantId, ids[1], after)).toBe('two');
    expect(await read(b.tenantId, fresh, after)).toBe('three');
    // A repeat of the request is one also for a server that has both keys, and gets what the first one got.
    expect(await new IdempotencyKeys(work, during).claim(a, "it's: a/key", 'POST /x')).toMatchObject({
      body: { key: 'sk' },
    });
    expect(total(await resealAll(work, during, SEALED_COLUMNS))).toEqual({ resealed: 0, lost: 0 });
  });

  it('go on where a killed run stopped, and are readable at every moment of it', async () => {
    const { tenantId } = await database.tenant();
    const ids: string[] = [];
    for (let n = 0; n < 250; n++) ids.push(await credential(tenantId, `secret ${n}`));
    const killed = resealAll(work, during, SEALED_COLUMNS, {
      progress: () => {
        throw new Error('killed');
      },
    });
    await expect(killed).rejects.toThrow('killed');
    await expect(assertOpenable(work, after, SEALED_COLUMNS)).rejects.toThrow(tenantId);
    for (const [n, id] of ids.entries()) expect(await read(tenantId, id, during)).toBe(`secret ${n}`);
    expect(total(await resealAll(work, during, SEALED_COLUMNS))).toEqual({ resealed: 150, lost: 0 });
    for (const [n, id] of ids.entries()) expect(await read(tenantId, id, after)).toBe(`secret ${n}`);
  });

  it('are left as they are when no key opens them, and do not hold up the others', async () => {
    const [a, b] = [await database.tenant(), await database.tenant()];
    const lost: string[] = [];
    for (let n = 0; n < 101; n++) lost.push(await credential(a.tenantId, 'lost', new SecretBox([FOREIGN])));
    const kept = await credential(a.tenantId, 'kept');
    const other = await credential(b.tenantId, 'kept too');
    expect(total(await resealAll(work, during, SEALED_COLUMNS))).toEqual({ resealed: 2, lost: 101 });
    expect(await read(a.tenantId, kept, after)).toBe('kept');
    expect(await read(b.tenantId, other, after)).toBe('kept too');
    await expect(assertOpenable(work, after, SEALED_COLUMNS)).rejects.toThrow(a.tenantId);
    expect(total(await resealAll(work, during, SEALED_COLUMNS, { discardLost: true }))).toEqual({
      resealed: 0,
      lost: 101,
    });
    await assertOpenable(work, after, SEALED_COLUMNS);
    expect(await read(a.tenantId, kept, after)).toBe('kept');
    // A credential that a tool may name is there still, without its secret.
    expect(await read(a.tenantId, lost[0] ?? '', after)).toBe('');
  });

  it('stay closed in another tenant’s row and with a bit turned, also to the one who seals anew', async () => {
    const [a, b] = [await database.tenant(), await database.tenant()];
    const [mine, theirs, bent] = [
      await credential(a.tenantId, 'mine'),
      await credential(b.tenantId, 'theirs'),
      await credential(a.tenantId, 'bent'),
    ];
    const [row] = await work.query<{ sealed: Buffer }>(b, 'SELECT sealed FROM app.credential WHERE id = $1', [theirs]);
    const set = 'UPDATE app.credential SET sealed = $3 WHERE tenant_id = $1 AND id = $2';
    await work.query(a, set, [a.tenantId, mine, row?.sealed]);
    const flip =
      'UPDATE app.credential SET sealed = set_bit(sealed, 8 * 34, 1 - get_bit(sealed, 8 * 34)) WHERE id = $1';
    await work.query(a, flip, [bent]);
    await expect(read(a.tenantId, mine, during)).rejects.toThrow(/changed or belongs/);
    expect(total(await resealAll(work, during, SEALED_COLUMNS))).toEqual({ resealed: 1, lost: 2 });
    await expect(read(a.tenantId, mine, during)).rejects.toThrow(/does not open/);
  });
});
