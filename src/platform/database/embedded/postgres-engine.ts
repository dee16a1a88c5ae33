import { PGlite } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import type { WireEngine } from './wire-server.js';

/**
 * Beyond PGlite's own: a small log (checkpoints come from maintenance.ts) and buffers that suit a process among others.
 * `synchronous_commit` and `full_page_writes` stay on: with fsync off they are what a killed process needs.
 */
const START_PARAMETERS = [
  ...PGlite.defaultStartParams,
  ...['shared_buffers=64MB', 'max_wal_size=128MB', 'min_wal_size=32MB', 'wal_recycle=on'].flatMap((setting) => [
    '-c',
    setting,
  ]),
];

/** PGlite with pgvector, as the engine of a wire server. */
export class PostgresEngine implements WireEngine {
  private constructor(
    private readonly pglite: PGlite,
    private readonly onFatal: (error: unknown) => void,
  ) {}

  /** @param folder of a database; one is initialised there when it is empty */
  static async open(folder: string, onFatal: (error: unknown) => void): Promise<PostgresEngine> {
    const pglite = await PGlite.create(folder, { extensions: { vector }, startParams: START_PARAMETERS });
    return new PostgresEngine(pglite, onFatal);
  }

  /** Synchronous: the promise below is only ever a way to throw. */
  execute(messages: Buffer): Buffer {
    const chunks: Buffer[] = [];
    this.pglite
      // The bytes belong to the engine's memory and must be copied out. Without a callback PGlite parses and keeps every answer.
      .execProtocolRawStream(messages, { syncToFs: false, onRawData: (bytes) => void chunks.push(Buffer.from(bytes)) })
      .catch(this.onFatal);
    return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
  }

  /** Shuts Postgres down with a checkpoint. */
  async close(): Promise<void> {
    await this.pglite.close();
  }
}
