import { assertNoConnectionHeld, newId } from '#platform/database';
import { UnavailableError } from '#platform/errors';
import type { EntityManager } from 'typeorm';
import { TestDatabase } from '../../support/test-database.js';

describe('UnitOfWork', () => {
  let db: TestDatabase;
  let a: { tenantId: string };
  let b: { tenantId: string };

  beforeAll(async () => {
    db = await TestDatabase.start({ pool: 2 });
    a = await db.tenant('alpha');
    b = await db.tenant('beta');
  });
  afterAll(() => db.stop());

  const slugs = 'SELECT slug FROM app.tenant';

  it('shows one tenant and nothing of another', async () => {
    expect(await db.uow.query(a, slugs)).toEqual([{ slug: 'alpha' }]);
    expect(await db.uow.query(b, slugs)).toEqual([{ slug: 'beta' }]);
    expect(await db.uow.query({ tenantId: newId() }, slugs)).toEqual([]);
  });

  it('refuses to write into another tenant', async () => {
    const insert = `INSERT INTO app.principal (tenant_id, id, kind, role) VALUES ($1, $2, 'staff', 'supporter')`;
    await expect(db.uow.query(a, insert, [b.tenantId, newId()])).rejects.toThrow(/row-level security/);
  });

  it('sees nothing outside of a unit of work, and nothing after an early commit', async () => {
    await expect(db.dataSource.query(slugs)).rejects.toThrow(/permission denied/);
    let after: unknown;
    await db.uow
      .run(a, async (tx) => {
        await tx.query('COMMIT');
        after = await tx.query(slugs).catch((error: unknown) => error);
      })
      .catch(() => undefined);
    expect(after).toBeInstanceOf(Error);
    expect(await db.uow.query(a, slugs)).toHaveLength(1);
  });

  it('looks up without a tenant, also on the connections that served one a moment ago', async () => {
    await db.principal(a.tenantId);
    const inTenant = () => db.uow.query<{ rows: number }>(a, 'SELECT count(*)::int AS rows FROM app.principal');
    for (let n = 0; n < 3; n++) {
      const before = await Promise.all([inTenant(), inTenant()]);
      expect(before.flat().every(({ rows }) => rows > 0)).toBe(true);
      for (const table of ['tenant', 'principal']) {
        const look = () => db.uow.lookup<{ rows: number }>(`SELECT count(*)::int AS rows FROM app.${table}`);
        expect(await Promise.all([look(), look()])).toEqual([[{ rows: 0 }], [{ rows: 0 }]]);
      }
    }
  });

  it("keeps TypeORM's manager inside the transaction", async () => {
    const id = newId();
    await db.uow
      .run(a, async (tx) => {
        const { runner } = tx as unknown as { runner: { manager: EntityManager } };
        await runner.manager.transaction(async (inner) => {
          await inner.query(
            `INSERT INTO app.principal (tenant_id, id, kind, role) VALUES ($1, $2, 'staff', 'supporter')`,
            [a.tenantId, id],
          );
        });
        throw new Error('rolled back');
      })
      .catch(() => undefined);
    expect(await db.uow.query(a, 'SELECT 1 FROM app.principal WHERE id = $1', [id])).toEqual([]);
  });

  it('holds no connection while something slow is awaited: that fails in tests', async () => {
    const slow = async () => assertNoConnectionHeld('A model');
    await expect(db.uow.run(a, () => Promise.resolve().then(slow))).rejects.toThrow(/A model is awaited inside/);
    await expect(db.uow.run(a, (tx) => tx.query(slugs)).then(slow)).resolves.toBeUndefined();
  });

  it('rolls back when the work throws, also when a failed statement was swallowed', async () => {
    const rename = `UPDATE app.tenant SET name = 'changed'`;
    await expect(
      db.uow.run(a, async (tx) => {
        await tx.query(rename);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    await expect(
      db.uow.run(a, async (tx) => {
        await tx.query(rename);
        await tx.query('SELECT 1 / 0').catch(() => undefined);
      }),
    ).rejects.toThrow(/rolled back/);
    expect(await db.uow.query(a, 'SELECT name FROM app.tenant')).toEqual([{ name: 'alpha' }]);
  });

  it('tells why a transaction failed, not that its later statements were refused', async () => {
    // The failed one is heard of last: it stands deeper than those that left together with it.
    const deeper = async (work: () => Promise<unknown>, depth: number): Promise<unknown> =>
      depth === 0 ? work() : await deeper(work, depth - 1);
    for (const [failing, state] of [
      ['SELECT 1 / 0', '22012'],
      [`DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = 'deadlock_detected'; END $$`, undefined],
    ] as const) {
      const failed = await db.uow
        .run(a, (tx) => Promise.all([deeper(() => tx.query(failing), 5), tx.execute('SELECT 1'), tx.query('SELECT 2')]))
        .catch((error: unknown) => error);
      if (state === undefined) {
        expect(failed).toBeInstanceOf(UnavailableError);
        expect(failed).toMatchObject({ cause: { code: '40P01' } });
      } else expect(failed).toMatchObject({ code: state });
    }
    const early = db.uow.run(a, async (tx) => {
      const [, , last] = await Promise.allSettled([
        tx.query('SELECT 1 / 0'),
        tx.query('SELECT 1'),
        tx.query('SELECT 2'),
      ]);
      throw (last as PromiseRejectedResult).reason;
    });
    await expect(early).rejects.toMatchObject({ code: '22012' });
  });

  it('writes nothing when the statement sent with the commit fails', async () => {
    await expect(
      db.uow.run(a, async (tx) => {
        await tx.query(`UPDATE app.tenant SET name = 'changed'`);
        await tx.commitWith('SELECT 1 / 0');
      }),
    ).rejects.toThrow(/division by zero/);
    expect(await db.uow.query(a, 'SELECT name FROM app.tenant')).toEqual([{ name: 'alpha' }]);
  });

  it('never mixes tenants on a small pool, also when half of the work fails', async () => {
    let wrong = 0;
    await Promise.all(
      Array.from({ length: 400 }, async (_, index) => {
        const scope = index % 2 === 0 ? a : b;
        const rows = await db.uow
          .run(scope, async (tx) => {
            const found = await tx.query<{ slug: string }>(slugs);
            if (index % 3 === 0) throw new Error('abort');
            return found;
          })
          .catch(() => null);
        if (rows !== null && (rows.length !== 1 || rows[0]?.slug !== (scope === a ? 'alpha' : 'beta'))) wrong++;
      }),
    );
    expect(wrong).toBe(0);
  });

  it('refuses a tenant id that is none', async () => {
    await expect(db.uow.query({ tenantId: `' OR true --` }, slugs)).rejects.toThrow(/id of a tenant/);
  });
});
