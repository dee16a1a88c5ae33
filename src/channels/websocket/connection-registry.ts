import type { Duplex } from 'node:stream';
import { Injectable, type OnApplicationBootstrap, type OnApplicationShutdown } from '@nestjs/common';
import { SessionRevoked } from '#auth';
import { AppConfig } from '#platform/config';
import { EventBus } from '#platform/events';
import { Metrics } from '#platform/metrics';
import { TenantSuspended } from '#tenants';
import { type AddressPlace, AddressPlaces } from './address-places.js';
import type { SocketIdentity } from './socket-identity.js';

/** What the registry asks of a connection. */
export interface RegisteredConnection {
  readonly id: string;
  /** Null until its token has been verified. */
  readonly identity: SocketIdentity | null;
  /** Called about once a second: heartbeat and the token's end. */
  tick(now: number): void;
  /** Its session is over: says so and closes. */
  sessionEnded(): void;
  /** Its tenant is suspended: says so and closes. */
  suspended(): void;
  /** The server is going to stop. */
  announceDrain(): void;
  closeForShutdown(): void;
  terminate(): void;
}

const TICK_MS = 500;
/** Sockets of one address that have not said who they are: a few browsers that open their pages at the same moment. */
const MOST_UNKNOWN_PER_ADDRESS = 32;

/** The sockets of this instance: found by user, by session and by address. */
@Injectable()
export class ConnectionRegistry implements OnApplicationBootstrap, OnApplicationShutdown {
  private readonly connections = new Set<RegisteredConnection>();
  private readonly byUser = new Map<string, Set<RegisteredConnection>>();
  private readonly places: AddressPlaces;
  private readonly placeOfSocket = new WeakMap<Duplex, AddressPlace>();
  private readonly unsubscribe: (() => void)[] = [];
  private ticker: NodeJS.Timeout | undefined;

  constructor(
    private readonly events: EventBus,
    private readonly metrics: Metrics,
    private readonly config: AppConfig,
  ) {
    const known = config.env.WS_MAX_PER_ADDRESS;
    this.places = new AddressPlaces({ known, unknown: Math.min(known, MOST_UNKNOWN_PER_ADDRESS) });
  }

  onApplicationBootstrap(): void {
    this.metrics.sockets.from(() => this.connections.size);
    this.unsubscribe.push(
      this.events.on(SessionRevoked, (event) => this.endSessions(event)),
      this.events.on(TenantSuspended, (event) => this.shutOut(event)),
    );
    this.ticker = setInterval(() => this.tick(), TICK_MS);
    this.ticker.unref();
  }

  onApplicationShutdown(): void {
    clearInterval(this.ticker);
    for (const off of this.unsubscribe) off();
  }

  get size(): number {
    return this.connections.size;
  }

  all(): RegisteredConnection[] {
    return [...this.connections];
  }

  add(connection: RegisteredConnection): void {
    this.connections.add(connection);
  }

  /**
   * Files a connection under its user, and gives it a place among its address's known ones.
   * @returns false when user or address has as many connections as it may; nothing is filed then
   */
  identify(connection: RegisteredConnection, identity: SocketIdentity, place: AddressPlace | undefined): boolean {
    const key = keyOf(identity.tenant.id, identity.user.id);
    const known = this.byUser.get(key);
    if (known !== undefined && known.size >= this.config.env.WS_MAX_PER_USER) return false;
    if (place !== undefined && !place.identify()) return false;
    if (known === undefined) this.byUser.set(key, new Set([connection]));
    else known.add(connection);
    return true;
  }

  remove(connection: RegisteredConnection): void {
    this.connections.delete(connection);
    if (connection.identity === null) return;
    const key = keyOf(connection.identity.tenant.id, connection.identity.user.id);
    const known = this.byUser.get(key);
    known?.delete(connection);
    if (known?.size === 0) this.byUser.delete(key);
  }

  /** How many sockets a user has open on this instance. */
  countOf(tenantId: string, userId: string): number {
    return this.byUser.get(keyOf(tenantId, userId))?.size ?? 0;
  }

  /**
   * One of an address's places, until its connection ends.
   * @param known whether it has been proved who calls
   * @returns false when all are taken
   */
  occupy(socket: Duplex, address: string, known: boolean): boolean {
    const place = known ? this.places.enterKnown(address) : this.places.enter(address);
    if (place === null) return false;
    if (socket.destroyed) place.leave();
    else socket.once('close', () => place.leave());
    this.placeOfSocket.set(socket, place);
    return true;
  }

  placeOf(socket: Duplex): AddressPlace | undefined {
    return this.placeOfSocket.get(socket);
  }

  private tick(): void {
    const now = Date.now();
    for (const connection of this.connections) connection.tick(now);
  }

  private endSessions({ tenantId, principalId, sessionId, exceptSessionId }: SessionRevoked): void {
    for (const connection of this.of(tenantId)) {
      const { user, ctx } = connection.identity ?? {};
      if (user?.id !== principalId) continue;
      const own = ctx?.principal.sessionId ?? null;
      const isMeant = sessionId === null ? own === null || own !== exceptSessionId : own === sessionId;
      if (isMeant) connection.sessionEnded();
    }
  }

  private shutOut({ tenantId }: TenantSuspended): void {
    for (const connection of this.of(tenantId)) connection.suspended();
  }

  private of(tenantId: string): RegisteredConnection[] {
    return this.all().filter(({ identity }) => identity?.tenant.id === tenantId);
  }
}

function keyOf(tenantId: string, userId: string): string {
  return `${tenantId}/${userId}`;
}
