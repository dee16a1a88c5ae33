/** Where maintenance runs: between the turns of connections. */
export interface MaintainedSession {
  readonly idle: boolean;
  runAsOwner(sql: string): Promise<(string | null)[][]>;
}

/**
 * What Postgres' own background processes would do; a single-user session has none. Without checkpoints the write-ahead log
 * grows for ever and a start after a kill replays all of it; without vacuum and analyze tables bloat and plans go wrong.
 */
export class Maintenance {
  private readonly timer: NodeJS.Timeout;
  private checkpointed: { bytes: number; at: number } | undefined;
  private vacuumedAt = Date.now();
  private busy = false;

  constructor(
    private readonly session: MaintainedSession,
    private readonly log: (line: string) => void,
    private readonly options = { everyMs: 5000, walBytes: 64 * 1024 * 1024, checkpointMs: 300_000, vacuumMs: 60_000 },
  ) {
    this.timer = setInterval(() => void this.tick(), options.everyMs);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  /** One round: never two at once, and a failure is logged and tried again in the next. */
  async tick(): Promise<void> {
    if (this.busy) return;
    this.busy = true;
    try {
      await this.checkpoint();
      if (Date.now() - this.vacuumedAt >= this.options.vacuumMs && this.session.idle) await this.vacuum();
    } catch (error) {
      this.log(`embedded database: maintenance failed: ${error instanceof Error ? error.message : String(error)}`);
    } finally {
      this.busy = false;
    }
  }

  private async checkpoint(): Promise<void> {
    const [row] = await this.session.runAsOwner("SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn");
    const bytes = Number(row?.[0]);
    this.checkpointed ??= { bytes, at: Date.now() };
    const written = bytes - this.checkpointed.bytes;
    const due = Date.now() - this.checkpointed.at >= this.options.checkpointMs && written > 0;
    if (written < this.options.walBytes && !due) return;
    await this.session.runAsOwner('CHECKPOINT');
    this.checkpointed = { bytes, at: Date.now() };
  }

  private async vacuum(): Promise<void> {
    this.vacuumedAt = Date.now();
    for (const [table] of await this.session.runAsOwner(NEEDY_TABLES)) {
      // One table at a time: connections that wait get their turns in between.
      if (table !== null && table !== undefined) await this.session.runAsOwner(`VACUUM (ANALYZE) ${table}`);
    }
  }
}

/** The thresholds of autovacuum and autoanalyze. */
const NEEDY_TABLES = `
  SELECT format('%I.%I', s.schemaname, s.relname)
    FROM pg_stat_user_tables s JOIN pg_class c ON c.oid = s.relid
   WHERE s.n_dead_tup > 50 + 0.2 * greatest(c.reltuples, 0)
      OR s.n_mod_since_analyze > 50 + 0.1 * greatest(c.reltuples, 0)
   ORDER BY s.n_dead_tup DESC LIMIT 20`;
