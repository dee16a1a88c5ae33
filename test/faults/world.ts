import { Cluster, type ClusterOptions, type ClusterServer, type Person } from './cluster.js';
import type { Frame } from '../support/chat-client.js';
import { EventAsker, EventReader } from './event-reader.js';
import { askOverHttp, type HttpOutcome, Journal, type Sent, SocketClient } from './journal.js';
import type { Verdict } from './journal-check.js';
import { expectSound } from './truth.js';

/** One scenario: a person, the clients that the person holds, and the journal of what they sent and saw. */
export class World {
  private readonly journal = new Journal();

  private constructor(
    readonly cluster: Cluster,
    readonly person: Person,
  ) {}

  /** On a cluster that several scenarios share. */
  static async on(cluster: Cluster): Promise<World> {
    return new World(cluster, await cluster.person());
  }

  get provider(): Cluster['provider'] {
    return this.cluster.provider;
  }

  /** A socket at the first of these servers; when cut off it goes to the next. */
  socket(name: string, ...servers: ClusterServer[]): Promise<SocketClient> {
    return new SocketClient(this.journal, { name, servers, person: this.person }).connected();
  }

  /** A socket with other defaults: `final=false`. */
  socketWith(query: string, name: string, ...servers: ClusterServer[]): Promise<SocketClient> {
    return new SocketClient(this.journal, { name, servers, person: this.person, query }).connected();
  }

  /** Follows a conversation by server-sent events. */
  events(
    name: string,
    conversationId: string,
    servers: readonly ClusterServer[],
    from: { readonly query?: string; readonly lastEventId?: string } = {},
  ): Promise<EventReader> {
    return this.follow(name, conversationId, servers, from).connected();
  }

  /** The same, connected or not. */
  follow(
    name: string,
    conversationId: string,
    servers: readonly ClusterServer[],
    from: { readonly query?: string; readonly lastEventId?: string } = {},
  ): EventReader {
    return new EventReader(this.journal, conversationId, { name, servers, person: this.person, ...from });
  }

  /** `POST chat`, read as events. */
  httpEvents(content: string, servers: readonly ClusterServer[], conversationId?: string): EventAsker {
    const options = { name: 'http events', servers, person: this.person, content };
    return new EventAsker(this.journal, conversationId === undefined ? options : { ...options, conversationId });
  }

  /** One that takes the first refusal for an answer. */
  impatient(name: string, server: ClusterServer): Promise<SocketClient> {
    return new SocketClient(this.journal, { name, servers: [server], person: this.person, patient: false }).connected();
  }

  http(
    content: string,
    servers: readonly ClusterServer[],
    conversationId?: string,
  ): Promise<{ sent: Sent; outcome: HttpOutcome }> {
    const options = { name: 'http', servers, person: this.person, content };
    return askOverHttp(this.journal, conversationId === undefined ? options : { ...options, conversationId });
  }

  /** An empty conversation, so that readers can follow it before anything happens in it. */
  async conversation(server: ClusterServer = this.cluster.a): Promise<string> {
    const { status, body } = await server.api('/api/acme/conversations', {
      body: {},
      token: await this.person.token(),
    });
    if (status !== 201) throw new Error(`POST conversations answered ${status}: ${JSON.stringify(body)}`);
    return body.id;
  }

  /** A message that a scenario sends by itself; it says what became of it. */
  note(content: string): Sent {
    return this.journal.note('scenario', content);
  }

  async api(
    server: ClusterServer,
    path: string,
    options: { method?: string; body?: unknown; headers?: Record<string, string>; ms?: number } = {},
  ) {
    return server.api(`/api/acme/${path}`, { ...options, token: await this.person.token() });
  }

  /** A request and how long it took. @param path from the root when it begins with a slash */
  async timed(server: ClusterServer, path: string) {
    const token = await this.person.token();
    const began = Date.now();
    const answer = await server.api(path.startsWith('/') ? path : `/api/acme/${path}`, { token });
    return { ...answer, ms: Date.now() - began };
  }

  /** The answer as it is stored. */
  async stored(conversationId: string, turnId: string): Promise<Frame | undefined> {
    const server = this.cluster.servers.find((one) => one.alive) ?? this.cluster.a;
    const { body } = await this.api(server, `conversations/${conversationId}/messages?limit=100`);
    return body.data.find((one: Frame) => one['turn_id'] === turnId && one['role'] === 'assistant');
  }

  /** Every line of the contract about ends, texts and acks, for all that happened here. */
  sound(
    label: string,
    figures: { quietMs?: number; kills?: number; takeOvers?: readonly number[] } = {},
  ): Promise<Verdict> {
    return expectSound(this.cluster, this.journal, { label, people: [this.person], ...figures });
  }

  leave(): void {
    this.journal.stop();
  }
}

/** Runs a scenario on a cluster of its own. */
export async function onCluster(options: ClusterOptions, scenario: (world: World) => Promise<void>): Promise<void> {
  const cluster = await Cluster.start(options);
  try {
    const world = await World.on(cluster);
    try {
      await scenario(world);
    } finally {
      world.leave();
    }
  } finally {
    await cluster.stop();
  }
}

/** Runs a scenario on a cluster that others use before, after or beside it. */
export async function within(cluster: Cluster, scenario: (world: World) => Promise<void>): Promise<void> {
  const world = await World.on(cluster);
  try {
    await scenario(world);
  } finally {
    world.leave();
  }
}
