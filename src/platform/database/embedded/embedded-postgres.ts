import { fork, type ChildProcess } from 'node:child_process';
import type { FromChild, ToChild } from './embedded-postgres.messages.js';

export interface EmbeddedPostgresOptions {
  /** The database is in its folder `postgres`; it is created when it is missing. */
  readonly dataDir: string;
  /** The built `platform/database/embedded/embedded-postgres.child.js`. */
  readonly childFile: string;
  readonly log?: (line: string) => void;
}

export interface EmbeddedPostgresExit {
  /** Whether `stop` was called; otherwise the database is lost and the server cannot go on. */
  readonly expected: boolean;
  readonly reason: string;
}

/** A closing database writes a checkpoint; one that takes longer is killed, which loses nothing committed. */
const STOP_MS = 15_000;

/**
 * The server's side of the embedded Postgres: a child process that is reached by an ordinary address. It survives the
 * kill of either process, not a power cut (fsync is off).
 */
export class EmbeddedPostgres {
  private readonly listeners: ((exit: EmbeddedPostgresExit) => void)[] = [];
  private readonly exited: Promise<void>;
  private exit: EmbeddedPostgresExit | undefined;
  private stopping = false;
  private failure: string | undefined;

  private constructor(
    private readonly child: ChildProcess,
    /** With a password made for this start. Connections are the owner's unless they ask for a role (`options=-c role=…`). */
    readonly url: string,
    /** Whether the database was created by this start. */
    readonly firstBoot: boolean,
    /** From the process's first instruction until it served. */
    readonly startMs: number,
    log: (line: string) => void,
  ) {
    child.on('message', (message: FromChild) => {
      if (message.kind === 'log') log(message.line);
      if (message.kind === 'failed') this.failure = message.message;
    });
    this.exited = new Promise((resolve) => {
      child.once('exit', (code, signal) => {
        const reason = this.failure ?? `the embedded database's process ended (${signal ?? `code ${code}`})`;
        this.exit = { expected: this.stopping, reason };
        for (const listener of this.listeners) listener(this.exit);
        resolve();
      });
    });
  }

  /**
   * Resolves when the database takes connections: about a second, some seconds the first time.
   * @throws Error with the process's own words, e.g. which process has the directory
   */
  static start(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
    const log = options.log ?? (() => undefined);
    // Own flags: those of the parent (--inspect, a loader) are not meant for this process.
    const child = fork(options.childFile, [options.dataDir, String(process.pid)], {
      execArgv: [],
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      for (const line of text.split('\n')) if (line.trim() !== '') log(line);
    });
    return new Promise((resolve, reject) => {
      let failure: string | undefined;
      const settle = (): void => {
        child.off('message', onMessage);
        child.off('exit', onExit);
        child.off('error', onError);
      };
      const onMessage = (message: FromChild): void => {
        if (message.kind === 'log') log(message.line);
        // The process still has the directory; whoever tries again upon the rejection shall find it free.
        if (message.kind === 'failed') failure = message.message;
        if (message.kind === 'ready') {
          settle();
          resolve(new EmbeddedPostgres(child, message.url, message.firstBoot, message.startMs, log));
        }
      };
      const onExit = (code: number | null, signal: NodeJS.Signals | null): void => {
        settle();
        reject(
          new Error(failure ?? `The embedded database's process ended while starting (${signal ?? `code ${code}`})`),
        );
      };
      const onError = (error: Error): void => {
        settle();
        reject(new Error(`The embedded database's process could not be started: ${error.message}`, { cause: error }));
      };
      child.on('message', onMessage);
      child.once('exit', onExit);
      child.once('error', onError);
    });
  }

  /** The database's process. */
  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** Called once, when the process has ended; at once when it has already. */
  onExit(listener: (exit: EmbeddedPostgresExit) => void): void {
    if (this.exit === undefined) this.listeners.push(listener);
    else listener(this.exit);
  }

  /** Rolls back what is open, closes the database and waits for its process. May be called more than once. */
  async stop(): Promise<void> {
    if (!this.stopping && this.exit === undefined) {
      this.stopping = true;
      if (this.child.connected) this.child.send({ kind: 'stop' } satisfies ToChild, () => undefined);
      const impatience = setTimeout(() => this.child.kill('SIGKILL'), STOP_MS);
      void this.exited.then(() => clearTimeout(impatience));
    }
    await this.exited;
  }
}
