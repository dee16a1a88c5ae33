import { timingSafeEqual } from 'node:crypto';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { FrontendReader, type FrontendEvent, type Unit } from './frontend-messages.js';
import {
  enforceSql,
  OWNER_PROFILE,
  profileFromStartup,
  profileKey,
  SNAPSHOT_SQL,
  type SessionProfile,
} from './session-profile.js';
import { StatementNames } from './statement-names.js';
import {
  AUTHENTICATION_CLEARTEXT,
  AUTHENTICATION_OK,
  cString,
  fatalError,
  int32,
  message,
  queryMessage,
  readBackendMessages,
  readDataRow,
  readErrorFields,
  READY_IDLE,
  SYNC_MESSAGE,
  trailingStatus,
} from './wire-format.js';

/**
 * Lets many connections share the one session that the embedded Postgres has.
 *
 *   socket ─▶ FrontendReader ─▶ units ─▶ queue of connections ─▶ turn ─▶ engine ─▶ socket
 *
 * One connection at a time has the turn. It keeps it from its first unit until the engine answers
 * ReadyForQuery with status "idle": through a whole transaction, and through an extended query that was
 * flushed but not yet synced. Others wait in the order in which their units arrived. Before a connection with another
 * role or other settings gets the turn, its own are put in force (see session-profile.ts).
 */

/** The database. Runs whole units and returns everything it answers; synchronous, so nothing comes between. */
export interface WireEngine {
  execute(messages: Buffer): Buffer;
}

export interface WireServerOptions {
  readonly password: string;
  readonly maxConnections: number;
  /** A transaction that is idle for so long while others wait is ended, for nobody else can work meanwhile. */
  readonly idleInTransactionMs: number;
  readonly log: (line: string) => void;
}

interface Connection {
  readonly id: number;
  readonly socket: Socket;
  readonly reader: FrontendReader;
  readonly statements: StatementNames;
  profile: SessionProfile;
  profileKey: string;
  phase: 'startup' | 'password' | 'entering' | 'ready' | 'closed';
  /** Waiting work, in order. */
  work: Work[];
  waitingBytes: number;
  queued: boolean;
}

type Work = { kind: 'unit'; unit: Unit } | { kind: 'enter' } | { kind: 'leave' } | { kind: 'forget'; bytes: Buffer };

/** Work is done in slices, so that sockets are read and written in between. */
const SLICE_MS = 10;
const AUTHENTICATION_MS = 10_000;
const FAREWELL_MS = 500;
/** A connection that has so much waiting is not read from until it had its turn. */
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

export class WireServer {
  private readonly server: Server;
  private readonly connections = new Set<Connection>();
  private readonly queue: Connection[] = [];
  private readonly tasks: (() => void)[] = [];
  private holder: Connection | undefined;
  private holderSince = 0;
  private current: { key: string; changedBy: Connection | undefined } = {
    key: profileKey(OWNER_PROFILE),
    changedBy: undefined,
  };
  private readonly knownProfiles = new Set([profileKey(OWNER_PROFILE)]);
  private engine: WireEngine | undefined;
  private greeting: Buffer = Buffer.alloc(0);
  private nextId = 1;
  private scheduled = false;
  private readonly idleCheck: NodeJS.Timeout;

  constructor(private readonly options: WireServerOptions) {
    this.server = createServer({ noDelay: true }, (socket) => this.accept(socket));
    this.idleCheck = setInterval(() => this.endIdleTransaction(), Math.min(1000, options.idleInTransactionMs));
    this.idleCheck.unref();
  }

  /** Listens on the loopback interface; before `open` and after `close` clients are turned away. */
  async listen(): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen({ host: '127.0.0.1', port: 0 }, resolve);
    });
    this.server.on('error', (error) => this.options.log(`embedded database: ${error.message}`));
    return (this.server.address() as AddressInfo).port;
  }

  /** Begins to serve. @param engine a session of the owner in its initial state */
  open(engine: WireEngine): void {
    this.engine = engine;
    this.greeting = parameterStatuses(engine);
  }

  /** The role that is in force while no connection has asked for another. */
  restrict(role: string): void {
    const profile: SessionProfile = { role, settings: new Map() };
    if (this.enforce(profile, profileKey(profile)) === undefined) this.knownProfiles.add(profileKey(profile));
  }

  /** Whether nobody has the turn and nobody waits. */
  get idle(): boolean {
    return this.holder === undefined && this.queue.length === 0;
  }

  /**
   * Runs SQL as the owner, between the turns of connections and before those that wait.
   * @returns the text of all rows @throws Error with the database's message
   */
  runAsOwner(sql: string): Promise<(string | null)[][]> {
    return new Promise((resolve, reject) => {
      this.tasks.push(() => {
        try {
          resolve(this.executeAsOwner(sql));
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      });
      this.work();
    });
  }

  private executeAsOwner(sql: string): (string | null)[][] {
    const refused = this.enforceFor(OWNER_PROFILE, profileKey(OWNER_PROFILE), undefined);
    if (refused !== undefined) throw new Error(refused);
    const messages = readBackendMessages(this.execute(queryMessage(sql)));
    const error = messages.find(({ type }) => type === 'E');
    if (error) throw new Error(readErrorFields(error.body).get('M') ?? 'unknown error');
    return messages.filter(({ type }) => type === 'D').map(({ body }) => readDataRow(body));
  }

  /**
   * Ends every connection, rolling back what is open; the engine is not used any more. Goes on listening: the port
   * tells others that this process still has the directory (see data-directory.ts).
   * @returns when the clients have been told, or have taken too long to listen
   */
  async close(): Promise<void> {
    clearInterval(this.idleCheck);
    const told = [...this.connections].map(
      (connection) =>
        new Promise<void>((resolve) => {
          connection.socket.once('close', () => resolve());
          this.end(connection, fatalError('57P01', 'terminating connection due to administrator command'));
        }),
    );
    this.engine = undefined;
    await Promise.race([Promise.all(told), sleep(FAREWELL_MS)]);
  }

  /** Gives the port up: the last thing before the process ends. */
  stopListening(): void {
    this.server.close();
  }

  private accept(socket: Socket): void {
    const id = this.nextId++;
    const statements = new StatementNames(id);
    const connection: Connection = {
      id,
      socket,
      statements,
      reader: new FrontendReader(statements),
      profile: OWNER_PROFILE,
      profileKey: '',
      phase: 'startup',
      work: [],
      waitingBytes: 0,
      queued: false,
    };
    this.connections.add(connection);
    const deadline = setTimeout(() => {
      if (connection.phase === 'startup' || connection.phase === 'password') this.end(connection);
    }, AUTHENTICATION_MS);
    deadline.unref();
    socket.on('data', (chunk) => this.receive(connection, chunk as Buffer));
    socket.on('error', () => undefined); // 'close' follows
    socket.on('close', () => {
      clearTimeout(deadline);
      this.forget(connection);
    });
  }

  private receive(connection: Connection, chunk: Buffer): void {
    if (connection.phase === 'closed') return;
    let events: FrontendEvent[];
    try {
      events = connection.reader.push(chunk);
    } catch (error) {
      this.end(connection, fatalError('08P01', error instanceof Error ? error.message : 'protocol violation'));
      return;
    }
    for (const event of events) this.handle(connection, event);
    if (connection.waitingBytes > MAX_WAITING_BYTES) connection.socket.pause();
    this.work();
  }

  private handle(connection: Connection, event: FrontendEvent): void {
    if (connection.phase === 'closed') return;
    switch (event.kind) {
      case 'encryption-request':
        connection.socket.write('N');
        return;
      case 'cancel':
        // A running statement occupies this very thread: by the time the request is read, it is over.
        this.end(connection);
        return;
      case 'startup':
        this.start(connection, event.protocolMinor, event.parameters);
        return;
      case 'password':
        if (!equal(event.password, this.options.password)) {
          this.end(connection, fatalError('28P01', 'password authentication failed'));
          return;
        }
        connection.phase = 'entering';
        if (this.knownProfiles.has(connection.profileKey)) this.welcome(connection);
        else this.enqueue(connection, { kind: 'enter' });
        return;
      case 'unit':
        connection.waitingBytes += event.unit.bytes.length;
        this.enqueue(connection, { kind: 'unit', unit: event.unit });
        return;
      case 'terminate':
        if (connection.work.length > 0) this.enqueue(connection, { kind: 'leave' });
        else this.end(connection);
        return;
    }
  }

  private start(connection: Connection, protocolMinor: number, parameters: ReadonlyMap<string, string>): void {
    if (this.engine === undefined) {
      this.end(connection, fatalError('57P03', 'the database system is starting up or shutting down'));
      return;
    }
    const others = [...this.connections].filter(({ phase }) => phase !== 'startup').length;
    if (others >= this.options.maxConnections) {
      this.end(
        connection,
        fatalError(
          '53300',
          `sorry, too many clients already: the embedded database takes ${this.options.maxConnections} connections`,
        ),
      );
      return;
    }
    connection.profile = profileFromStartup(parameters);
    connection.profileKey = profileKey(connection.profile);
    connection.phase = 'password';
    if (protocolMinor > 0) connection.socket.write(message('v', int32(0), int32(0)));
    connection.socket.write(AUTHENTICATION_CLEARTEXT);
  }

  private welcome(connection: Connection): void {
    connection.phase = 'ready';
    const key = message('K', int32(connection.id), int32(0));
    connection.socket.write(Buffer.concat([AUTHENTICATION_OK, this.greeting, key, READY_IDLE]));
  }

  private enqueue(connection: Connection, work: Work): void {
    connection.work.push(work);
    if (connection.queued || this.holder === connection) return;
    connection.queued = true;
    this.queue.push(connection);
  }

  /** Gives turns until nothing can be done, or the slice is over. */
  private work(): void {
    if (this.scheduled || this.engine === undefined) return;
    const sliceEnd = performance.now() + SLICE_MS;
    for (let turn = this.nextTurn(); turn !== undefined; turn = this.nextTurn()) {
      turn();
      if (performance.now() >= sliceEnd) return this.workSoon();
    }
  }

  private workSoon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.work();
    });
  }

  private nextTurn(): (() => void) | undefined {
    const holder = this.holder;
    if (holder !== undefined) return holder.work.length > 0 ? () => this.turn(holder) : undefined;
    const task = this.tasks.shift();
    if (task !== undefined) return task;
    const connection = this.queue.shift();
    if (connection === undefined) return undefined;
    connection.queued = false;
    return () => this.turn(connection);
  }

  private turn(connection: Connection): void {
    const work = connection.work.shift();
    if (work === undefined) return;
    if (work.kind === 'forget') {
      this.execute(work.bytes);
    } else if (work.kind === 'leave') {
      this.end(connection);
    } else if (this.holder === connection || this.admit(connection)) {
      if (work.kind === 'enter') this.welcome(connection);
      else this.runUnit(connection, work.unit);
    }
    if (connection.work.length > 0 && this.holder !== connection && !connection.queued) {
      connection.queued = true;
      this.queue.push(connection);
    }
  }

  private runUnit(connection: Connection, unit: Unit): void {
    connection.waitingBytes -= unit.bytes.length;
    if (connection.waitingBytes <= MAX_WAITING_BYTES && connection.socket.isPaused()) connection.socket.resume();
    const answer = this.execute(unit.bytes);
    if (unit.altersSession) this.current.changedBy = connection;
    this.holder = trailingStatus(answer) === 'I' ? undefined : connection;
    this.holderSince = Date.now();
    // The answers to a pipelined transaction leave together.
    const more = this.holder === connection && connection.work.length > 0;
    if (more && connection.socket.writableCorked === 0) connection.socket.cork();
    connection.socket.write(answer);
    if (!more && connection.socket.writableCorked > 0) connection.socket.uncork();
  }

  /** Puts the connection's role and settings in force; ends the connection when they cannot be. */
  private admit(connection: Connection): boolean {
    const refused = this.enforceFor(connection.profile, connection.profileKey, connection);
    if (refused === undefined) {
      this.knownProfiles.add(connection.profileKey);
      return true;
    }
    this.end(connection, fatalError('22023', refused));
    return false;
  }

  private enforceFor(profile: SessionProfile, key: string, connection: Connection | undefined): string | undefined {
    const changedBy = this.current.changedBy;
    if (changedBy !== undefined && changedBy === connection) return undefined;
    if (changedBy !== undefined) {
      this.remember(changedBy);
      return this.enforce(profile, key);
    }
    return key === this.current.key ? undefined : this.enforce(profile, key);
  }

  /** @returns why the profile could not be put in force; the former one then still is */
  private enforce(profile: SessionProfile, key: string): string | undefined {
    const error = readBackendMessages(this.execute(queryMessage(enforceSql(profile)))).find(({ type }) => type === 'E');
    if (error) {
      this.knownProfiles.delete(key);
      return readErrorFields(error.body).get('M') ?? 'the settings of the connection were refused';
    }
    this.current = { key, changedBy: undefined };
    return undefined;
  }

  /** Keeps what a connection changed in the session itself, to put it in force again at its next turn. */
  private remember(connection: Connection): void {
    const rows = readBackendMessages(this.execute(queryMessage(SNAPSHOT_SQL)))
      .filter(({ type }) => type === 'D')
      .map(({ body }) => readDataRow(body));
    this.current = { key: '', changedBy: undefined };
    const [role, ...settings] = rows;
    if (role === undefined) return;
    connection.profile = {
      role: role[0] === 'none' ? null : (role[0] ?? null),
      settings: new Map(settings.map(([name, value]) => [name ?? '', value ?? ''])),
    };
    connection.profileKey = profileKey(connection.profile);
  }

  private execute(messages: Buffer): Buffer {
    if (this.engine === undefined) throw new Error('the engine is not open');
    return this.engine.execute(messages);
  }

  private end(connection: Connection, farewell?: Buffer): void {
    if (connection.phase === 'closed') return;
    if (farewell === undefined) connection.socket.end();
    else connection.socket.end(farewell);
    // The rest of what it sends is read and thrown away, lest a reset overtakes the farewell.
    connection.socket.resume();
    this.forget(connection);
    const straggler = setTimeout(() => connection.socket.destroy(), FAREWELL_MS);
    straggler.unref();
  }

  /** The connection is gone: roll back what it left open and drop its prepared statements. */
  private forget(connection: Connection): void {
    if (connection.phase === 'closed') return;
    connection.phase = 'closed';
    this.connections.delete(connection);
    connection.work = [];
    if (this.holder === connection) {
      // Sync ends an extended query that stopped half-way, also after an error in it.
      if (trailingStatus(this.execute(SYNC_MESSAGE)) !== 'I') this.execute(queryMessage('ROLLBACK'));
      this.holder = undefined;
    }
    if (this.current.changedBy === connection) this.current = { key: '', changedBy: undefined };
    const bytes = connection.statements.closeAll();
    if (bytes !== undefined && this.engine !== undefined) this.enqueue(connection, { kind: 'forget', bytes });
    this.workSoon();
  }

  private endIdleTransaction(): void {
    const holder = this.holder;
    if (holder === undefined || holder.work.length > 0 || this.queue.length === 0) return;
    if (Date.now() - this.holderSince < this.options.idleInTransactionMs) return;
    this.options.log(
      `embedded database: ended a transaction that was idle while ${this.queue.length} connections waited`,
    );
    this.end(
      holder,
      fatalError('25P03', 'terminating connection due to idle-in-transaction timeout: others were waiting'),
    );
  }
}

function equal(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The ParameterStatus messages that a client is greeted with: the engine's own answer to a startup packet. */
function parameterStatuses(engine: WireEngine): Buffer {
  const body = Buffer.concat([int32(196608), ...['user', 'postgres', 'database', 'postgres', ''].map(cString)]);
  const answer = engine.execute(Buffer.concat([int32(body.length + 4), body]));
  const statuses = readBackendMessages(answer).filter(({ type }) => type === 'S');
  return Buffer.concat(statuses.map((status) => message('S', status.body)));
}
