import { asksForEncryption, cString, MessageReader, readBind } from './postgres-wire.js';
import { type Filters, type Link, TcpProxy } from './tcp-proxy.js';
import { deferred } from './waiting.js';

/** What a transaction has run up to its COMMIT. */
export interface Transaction {
  /** Of prepared statements. */
  readonly names: readonly string[];
  readonly texts: readonly string[];
  /** Parameters of all of its statements, as text. */
  readonly values: readonly string[];
}

interface Loss {
  readonly matches: (transaction: Transaction) => boolean;
  readonly happened: (transaction: Transaction) => void;
}

/**
 * The cable between a server and Postgres. Beside what it can do to any connection it can lose the reply to a COMMIT: the
 * COMMIT reaches Postgres and succeeds, everything before it is answered, and the connection ends in place of its
 * reply. For the program that is the one case in which it cannot know whether its transaction happened.
 */
export class PostgresProxy extends TcpProxy {
  private readonly losses: Loss[] = [];

  static override async start(target: string): Promise<PostgresProxy> {
    return new PostgresProxy(target).listen();
  }

  /**
   * Loses the reply to the next COMMIT of a transaction that matches.
   * @returns when it has happened; `cancel` ends the wait for it
   */
  loseCommit(matches: Loss['matches'] = () => true): { lost: Promise<Transaction>; cancel: () => void } {
    const { promise, resolve } = deferred<Transaction>();
    const loss: Loss = { matches, happened: resolve };
    this.losses.push(loss);
    return { lost: promise, cancel: () => this.forget(loss) };
  }

  protected override filters(link: Link): Filters {
    const conversation = new WireConversation(
      (transaction) => this.losses.find((loss) => loss.matches(transaction)) ?? null,
      (loss, transaction) => {
        // Two connections may have had the same one in mind.
        if (!this.forget(loss)) return false;
        // Behind the bytes that are still to be handed on.
        setImmediate(() => {
          link.hangUp();
          loss.happened(transaction);
        });
        return true;
      },
    );
    return { up: (chunk) => conversation.fromClient(chunk), down: (chunk) => conversation.fromServer(chunk) };
  }

  private forget(loss: Loss): boolean {
    const at = this.losses.indexOf(loss);
    if (at >= 0) this.losses.splice(at, 1);
    return at >= 0;
  }
}

/** Transactions that ran a statement of this name or with this function or table in its text. */
export function running(...statements: string[]): (transaction: Transaction) => boolean {
  return ({ names, texts }) =>
    statements.some((statement) => names.includes(statement) || texts.some((text) => text.includes(statement)));
}

/** Transactions that ran with this parameter, such as a turn's id. */
export function mentioning(value: string): (transaction: Transaction) => boolean {
  return ({ values, texts }) => values.some((one) => one.includes(value)) || texts.some((text) => text.includes(value));
}

const NOTHING = Buffer.alloc(0);

/**
 * Follows both directions of one connection. A client's messages come in groups, each closed by Query or Sync and answered
 * up to one ReadyForQuery; a group that commits is one whose reply can be lost.
 */
class WireConversation {
  private readonly client: MessageReader;
  private readonly server: MessageReader;
  private readonly prepared = new Map<string, string>();
  private readonly portals = new Map<string, string>();
  private transaction = emptyTransaction();
  private inTransaction = false;
  private groupCommits = false;
  /** Groups sent so far. The startup is the first, and is answered by the first ReadyForQuery. */
  private sent = 1;
  private answered = 0;
  private losing: { readonly loss: Loss; readonly group: number; readonly transaction: Transaction } | null = null;
  private held: Buffer[] = [];
  private commitTag = '';
  private gone = false;
  /** Where in the chunk at hand the reply that is to be lost begins and ends. */
  private cut: { from: number | null; to: number | null } = { from: null, to: null };

  constructor(
    private readonly plan: (transaction: Transaction) => Loss | null,
    private readonly lose: (loss: Loss, transaction: Transaction) => boolean,
  ) {
    this.client = new MessageReader(
      { lettered: false },
      (type) => 'QPBE'.includes(type),
      (type, body) => this.onClientMessage(type, body),
    );
    this.server = new MessageReader(
      { lettered: true },
      (type) => type === 'C',
      (type, body, end) => this.onServerMessage(type, body, end),
    );
  }

  fromClient(chunk: Buffer): Buffer {
    this.client.push(chunk);
    return chunk;
  }

  fromServer(chunk: Buffer): Buffer {
    if (this.gone) return NOTHING;
    const isDue = () => this.losing !== null && this.answered === this.losing.group - 1;
    this.cut = { from: isDue() ? 0 : null, to: null };
    this.server.push(chunk);
    if (this.cut.from === null) return chunk;
    const before = chunk.subarray(0, this.cut.from);
    const reply = chunk.subarray(this.cut.from, this.cut.to ?? chunk.length);
    this.held.push(reply);
    if (this.cut.to === null || this.losing === null) return before;
    const { loss, transaction } = this.losing;
    this.losing = null;
    const committed = !/^ROLLBACK/.test(this.commitTag);
    if (committed && this.lose(loss, transaction)) {
      this.gone = true;
      return before;
    }
    // It did not commit, or another connection was faster: nothing is lost here.
    const kept = Buffer.concat([before, ...this.held, chunk.subarray(this.cut.to)]);
    this.held = [];
    return kept;
  }

  private onClientMessage(type: string, body: Buffer): void {
    switch (type) {
      case '':
        if (asksForEncryption(body)) this.server.skipByte();
        else this.client.lettered = true;
        return;
      case 'Q':
        for (const text of splitStatements(cString(body).text)) this.onStatement('', text, []);
        this.closeGroup();
        return;
      case 'P': {
        const name = cString(body);
        this.prepared.set(name.text, cString(body, name.next).text);
        return;
      }
      case 'B': {
        const { portal, statement, values } = readBind(body);
        this.portals.set(portal, statement);
        this.transaction.values.push(...values);
        return;
      }
      case 'E': {
        const name = this.portals.get(cString(body).text) ?? '';
        this.onStatement(name, this.prepared.get(name) ?? '', []);
        return;
      }
      case 'S':
        this.closeGroup();
    }
  }

  private onStatement(name: string, text: string, values: readonly string[]): void {
    if (/^\s*(BEGIN|START\s+TRANSACTION)\b/i.test(text)) this.inTransaction = true;
    else if (/^\s*(COMMIT|END)\b/i.test(text)) {
      this.inTransaction = false;
      this.groupCommits = true;
    } else if (/^\s*(ROLLBACK|ABORT)\b(?!\s+TO)/i.test(text)) {
      this.inTransaction = false;
      this.groupCommits = false;
    } else {
      if (name !== '') this.transaction.names.push(name);
      this.transaction.texts.push(text);
      this.transaction.values.push(...values);
      // A statement outside of a transaction commits by itself.
      if (!this.inTransaction) this.groupCommits = true;
    }
  }

  private closeGroup(): void {
    this.sent++;
    if (this.groupCommits && this.losing === null) {
      const { transaction } = this;
      const loss = this.plan(transaction);
      if (loss !== null) {
        this.losing = { loss, group: this.sent, transaction };
        this.held = [];
        this.commitTag = '';
      }
    }
    this.groupCommits = false;
    if (!this.inTransaction) this.transaction = emptyTransaction();
  }

  private onServerMessage(type: string, body: Buffer, end: number): void {
    if (type === 'E' && this.answered === (this.losing?.group ?? 0) - 1) this.commitTag = 'ROLLBACK by an error';
    if (type === 'C' && this.commitTag === '' && this.answered === (this.losing?.group ?? 0) - 1) {
      const tag = cString(body).text;
      if (/^ROLLBACK/.test(tag)) this.commitTag = tag;
    }
    if (type !== 'Z') return;
    this.answered++;
    if (this.losing === null) return;
    if (this.answered === this.losing.group - 1) this.cut.from = end;
    else if (this.answered === this.losing.group) this.cut.to = end;
  }
}

function emptyTransaction() {
  return { names: [] as string[], texts: [] as string[], values: [] as string[] };
}

/** Good enough for the statements of a transaction; function bodies stay whole. */
function splitStatements(text: string): string[] {
  return (text.includes('$$') ? [text] : text.split(';')).filter((part) => part.trim() !== '');
}
