import { Maintenance, type MaintainedSession } from './maintenance.js';

/** A session whose write-ahead log grows as the test says. */
class ScriptedSession implements MaintainedSession {
  idle = true;
  walBytes = 1000;
  needy: string[] = [];
  failure: Error | undefined;
  readonly done: string[] = [];

  runAsOwner(sql: string): Promise<(string | null)[][]> {
    if (this.failure !== undefined) return Promise.reject(this.failure);
    if (sql.includes('pg_current_wal_insert_lsn')) return Promise.resolve([[String(this.walBytes)]]);
    if (sql.includes('pg_stat_user_tables')) return Promise.resolve(this.needy.map((table) => [table]));
    this.done.push(sql);
    return Promise.resolve([]);
  }
}

describe('maintenance of the embedded Postgres', () => {
  const options = { everyMs: 1_000_000, walBytes: 100, checkpointMs: 1_000_000, vacuumMs: 0 };

  function maintained(overrides: Partial<typeof options> = {}): {
    session: ScriptedSession;
    maintenance: Maintenance;
    lines: string[];
  } {
    const session = new ScriptedSession();
    const lines: string[] = [];
    const maintenance = new Maintenance(session, (line) => lines.push(line), { ...options, ...overrides });
    maintenance.stop();
    return { session, maintenance, lines };
  }

  it('writes a checkpoint each time the log has grown by its measure', async () => {
    const { session, maintenance } = maintained();
    for (const walBytes of [1000, 1099, 1100, 1150, 1199, 1200]) {
      session.walBytes = walBytes;
      await maintenance.tick();
    }
    expect(session.done).toEqual(['CHECKPOINT', 'CHECKPOINT']);
  });

  it('writes one after a while however little was written, and none when nothing was', async () => {
    const { session, maintenance } = maintained({ checkpointMs: 0 });
    await maintenance.tick();
    await maintenance.tick();
    expect(session.done).toEqual([]);
    session.walBytes += 1;
    await maintenance.tick();
    expect(session.done).toEqual(['CHECKPOINT']);
  });

  it('vacuums the tables that need it, and only when nobody waits', async () => {
    const { session, maintenance } = maintained();
    session.needy = ['app.message', 'app."Odd"'];
    session.idle = false;
    await maintenance.tick();
    expect(session.done).toEqual([]);
    session.idle = true;
    await maintenance.tick();
    expect(session.done).toEqual(['VACUUM (ANALYZE) app.message', 'VACUUM (ANALYZE) app."Odd"']);
  });

  it('logs a failure and goes on in the next round', async () => {
    const { session, maintenance, lines } = maintained();
    await maintenance.tick();
    session.failure = new Error('disk full');
    await maintenance.tick();
    expect(lines).toEqual(['embedded database: maintenance failed: disk full']);
    session.failure = undefined;
    session.walBytes += 100;
    await maintenance.tick();
    expect(session.done).toEqual(['CHECKPOINT']);
  });
});
