import type { SocketIdentity } from './socket-identity.js';

/** A socket's place among those of its address. */
export interface AddressPlace {
  readonly address: string;
  /** Who it is, where that had to be found out before the socket opened: it is not asked again. */
  verified: { readonly token: string; readonly identity: SocketIdentity } | null;
  /** How to send away who has not said who he is; false when he just has. Set once the socket is open. */
  giveUp: () => boolean;
  /** Its token has been verified: one of the other places. @returns false when those are all taken */
  identify(): boolean;
  /** Gives the place back; calling it again does nothing. */
  leave(): void;
}

export interface PlaceLimits {
  /** Sockets of an address whose callers are known. */
  readonly known: number;
  /** Those beside them that have not said who they are yet. */
  readonly unknown: number;
}

/** Whoever means to sign in does so within the time that a frame takes; later he may have to make room. */
const UNDISTURBED_MS = 1000;

/**
 * How many sockets an address has, in two pools: those of people who are signed in, and a small one of those that have not
 * said who they are. Silent sockets so take no place of anybody's who is known, and the oldest of them makes room for who
 * comes after.
 */
export class AddressPlaces {
  private readonly addresses = new Map<string, { known: number; readonly unknown: Map<AddressPlace, number> }>();

  constructor(private readonly limits: PlaceLimits) {}

  /** A place for who may still say who he is. @returns null when there is none */
  enter(address: string, now = Date.now()): AddressPlace | null {
    const taken = this.addresses.get(address);
    if (taken !== undefined) {
      if (taken.known >= this.limits.known) return null;
      if (taken.unknown.size >= this.limits.unknown && !makeRoom(taken.unknown, now)) return null;
    }
    return this.take(address, now);
  }

  /** A place for who has proved already who he is. @returns null when there is none */
  enterKnown(address: string): AddressPlace | null {
    const place = this.take(address, Date.now());
    if (place.identify()) return place;
    place.leave();
    return null;
  }

  private take(address: string, now: number): AddressPlace {
    const taken = this.addresses.get(address) ?? { known: 0, unknown: new Map<AddressPlace, number>() };
    this.addresses.set(address, taken);
    let state: 'unknown' | 'known' | 'left' = 'unknown';
    const place: AddressPlace = {
      address,
      verified: null,
      giveUp: () => false,
      identify: () => {
        if (state !== 'unknown') return state === 'known';
        if (taken.known >= this.limits.known) return false;
        state = 'known';
        taken.unknown.delete(place);
        taken.known++;
        return true;
      },
      leave: () => {
        if (state === 'known') taken.known--;
        else taken.unknown.delete(place);
        state = 'left';
        if (taken.known === 0 && taken.unknown.size === 0 && this.addresses.get(address) === taken) {
          this.addresses.delete(address);
        }
      },
    };
    taken.unknown.set(place, now);
    return place;
  }
}

/** Sends away the one that has been silent for longest. @returns false when all of them are still fresh */
function makeRoom(unknown: ReadonlyMap<AddressPlace, number>, now: number): boolean {
  for (const [place, since] of unknown) {
    if (now - since < UNDISTURBED_MS) return false;
    if (!place.giveUp()) continue;
    place.leave();
    return true;
  }
  return false;
}
