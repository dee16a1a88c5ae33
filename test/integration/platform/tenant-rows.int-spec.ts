import { newId, type RowsWhere, TenantEntity } from '#platform/database';
import { Column, CreateDateColumn, Entity, PrimaryColumn } from 'typeorm';
import { TestDatabase } from '../../support/test-database.js';

@Entity({ schema: 'app', name: 'embedding_space' })
class Space extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  provider!: string;

  @Column('text')
  model!: string;

  @Column('int')
  dimensions!: number;

  @CreateDateColumn({ type: 'timestamptz' })
  createdAt!: Date;
}

@Entity({ schema: 'app', name: 'api_key' })
class Key extends TenantEntity {
  @PrimaryColumn('uuid')
  id!: string;

  @Column('text')
  name!: string;

  @Column('bytea')
  keyHash!: Buffer;

  @Column('text')
  last4!: string;

  @Column('text')
  role!: string;

  @Column('text', { array: true })
  scopes!: string[];

  @Column('timestamptz', { nullable: true })
  revokedAt!: Date | null;
}

describe('the rows of a tenant', () => {
  let db: TestDatabase;
  let a: { tenantId: string };
  let b: { tenantId: string };
  const key = (name: string) => ({
    id: newId(),
    name,
    keyHash: Buffer.from(newId()),
    last4: 'abcd',
    role: 'end_user',
    scopes: ['chat'],
  });

  beforeAll(async () => {
    db = await TestDatabase.start({ pool: 2 });
    a = await db.tenant('alpha');
    b = await db.tenant('beta');
  });
  afterAll(() => db.stop());

  it('are stored for the transaction’s tenant, with what the database fills in', async () => {
    const space = { id: newId(), provider: 'p', model: 'm', dimensions: 3 };
    const stored = await db.uow.run(a, (tx) => tx.rows(Space).insert(space));
    expect(stored).toMatchObject({ tenantId: a.tenantId, ...space });
    expect(stored.createdAt).toBeInstanceOf(Date);
  });

  it('are found, changed and deleted one tenant at a time, whatever tenant a caller smuggles in', async () => {
    const mine = key('mine');
    const theirs = key('theirs');
    await db.uow.run(a, (tx) => tx.rows(Key).insert(mine));
    await db.uow.run(b, (tx) => tx.rows(Key).insert({ ...theirs, tenantId: a.tenantId } as typeof theirs));
    await db.uow.run(a, async (tx) => {
      const keys = tx.rows(Key);
      const smuggled = { id: theirs.id, tenantId: b.tenantId } as RowsWhere<Key>;
      expect(await keys.findOne(smuggled)).toBeNull();
      expect(await keys.update(smuggled, { name: 'taken' })).toBe(0);
      expect(await keys.delete(smuggled)).toBe(0);
      expect((await keys.find({ order: { id: 'DESC' }, limit: 10 })).map(({ name }) => name)).toEqual(['mine']);
      expect(await keys.count()).toBe(1);
    });
    expect(await db.uow.run(b, (tx) => tx.rows(Key).findOne({ id: theirs.id }))).toMatchObject({ name: 'theirs' });
  });

  it('name the tenant in every statement, so that the wall is not the only one', async () => {
    const statements: string[] = [];
    await db.uow.run(a, async (tx) => {
      const { client } = tx as unknown as { client: { query: (...args: unknown[]) => unknown } };
      const send = client.query.bind(client);
      client.query = (...args) => {
        statements.push(JSON.stringify(args));
        return send(...args);
      };
      const keys = tx.rows(Key);
      await keys.find();
      await keys.findOne({ name: 'mine' }, 'for update');
      await keys.update({ name: 'mine' }, { name: 'renamed' });
      await keys.delete({ name: 'nobody' });
      await keys.query('k').andWhere('k.name = :name', { name: 'x' }).getMany();
      client.query = send;
    });
    expect(statements).toHaveLength(5);
    for (const statement of statements) {
      expect(statement).toMatch(/tenant_id\\" = \$\d/);
      expect(statement).toContain(a.tenantId);
    }
  });

  it('never become all rows because a value is missing', async () => {
    const nothing = { id: undefined } as unknown as RowsWhere<Key>;
    await expect(db.uow.run(a, (tx) => tx.rows(Key).delete(nothing))).rejects.toThrow();
    await expect(db.uow.run(a, (tx) => tx.rows(Key).find({ where: nothing }))).rejects.toThrow();
  });

  it('are stored or changed by their keys, and by those of the tenant only', async () => {
    const put = (scope: { tenantId: string }) =>
      db.uow.run(scope, (tx) =>
        tx
          .rows(Space)
          .upsert({ id: newId(), provider: 'q', model: 'm', dimensions: 3 }, ['provider', 'model', 'dimensions']),
      );
    await put(a);
    await put(a);
    await put(b);
    expect(await db.uow.run(a, (tx) => tx.rows(Space).count({ provider: 'q' }))).toBe(1);
  });

  it('are stored unless their key is taken, and the transaction goes on', async () => {
    const space = (model: string) => ({ id: newId(), provider: 'new', model, dimensions: 3 });
    await db.uow.run(a, async (tx) => {
      const spaces = tx.rows(Space);
      const first = await spaces.insertNew(space('one'));
      expect(first).toMatchObject({ tenantId: a.tenantId, model: 'one', createdAt: expect.any(Date) as Date });
      expect(await spaces.insertNew(space('one'))).toBeNull();
      await spaces.insertAll([space('two'), { ...space('three'), tenantId: b.tenantId } as ReturnType<typeof space>]);
      await spaces.insertAll([]);
      expect(await spaces.count({ provider: 'new' })).toBe(3);
    });
    // Another tenant's row of the same key is no obstacle.
    expect(await db.uow.run(b, (tx) => tx.rows(Space).insertNew(space('one')))).not.toBeNull();
  });

  it('come in pages, newest first', async () => {
    const names = ['first', 'second', 'third'];
    await db.uow.run(b, async (tx) => {
      for (const name of names) await tx.rows(Key).insert(key(name));
      const page = await tx.rows(Key).newest(null, 2);
      expect(page.map(({ name }) => name)).toEqual(['third', 'second']);
      const rest = await tx.rows(Key).newest(page[1]?.id ?? null, 10);
      expect(rest.map(({ name }) => name)).toEqual(['first', 'theirs']);
    });
  });

  it('cannot be reached after the commit', async () => {
    await expect(
      db.uow.run(a, async (tx) => {
        await tx.commitWith('SELECT 1');
        return tx.rows(Key).find();
      }),
    ).rejects.toThrow(/over/);
  });
});
