/** What this browser keeps of a widget's visitor. */

interface KeyValue {
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** The conversation that is open, whose it is, and how far it was read. */
export interface OpenChat {
  readonly id: string;
  /** The visitor's or the person's id. */
  readonly of: string | null;
  /** `seq` of the last message that was on the screen. */
  readonly seen: number;
  /** An address was left in it. */
  readonly isContacted?: boolean;
}

type Name = 'visitor' | 'chat' | 'session' | 'sound';

export class Memory {
  private readonly lasting: KeyValue;
  /** Goes with the tab. */
  readonly tab: KeyValue;

  constructor(
    private readonly prefix: string,
    storages: { lasting: () => KeyValue; tab: () => KeyValue },
  ) {
    this.lasting = usable(storages.lasting);
    this.tab = usable(storages.tab);
  }

  get visitorToken(): string | null {
    return this.lasting.getItem(this.name('visitor'));
  }

  set visitorToken(token: string | null) {
    this.write(this.lasting, 'visitor', token);
  }

  get chat(): OpenChat | null {
    return parsed<OpenChat>(this.lasting.getItem(this.name('chat')));
  }

  set chat(chat: OpenChat | null) {
    this.write(this.lasting, 'chat', chat === null ? null : JSON.stringify(chat));
  }

  get hasSound(): boolean {
    return this.lasting.getItem(this.name('sound')) === 'on';
  }

  set hasSound(on: boolean) {
    this.write(this.lasting, 'sound', on ? 'on' : null);
  }

  /** So that a visit of many pages is one session. */
  get session(): { token: string; visitorId: string; endsAt: number } | null {
    return parsed(this.tab.getItem(this.name('session')));
  }

  set session(session: { token: string; visitorId: string; endsAt: number } | null) {
    this.write(this.tab, 'session', session === null ? null : JSON.stringify(session));
  }

  /** Everything that belongs to a person. */
  forget(): void {
    this.visitorToken = null;
    this.chat = null;
    this.session = null;
    this.tab.removeItem(`switchboard.outbox.${this.prefix}`);
  }

  /** Of what the client library keeps. */
  get owner(): string {
    return this.prefix;
  }

  private name(name: Name): string {
    return `switchboard.${name}.${this.prefix}`;
  }

  private write(store: KeyValue, name: Name, value: string | null): void {
    if (value === null) store.removeItem(this.name(name));
    else store.setItem(this.name(name), value);
  }
}

/** Browsers may keep nothing: not asked to, out of room, or none of this site's. Then it lasts as long as the page. */
function usable(open: () => KeyValue): KeyValue {
  const own = new Map<string, string>();
  let store: KeyValue | null = null;
  try {
    store = open();
  } catch {
    // Refused altogether.
  }
  return {
    getItem: (key) => {
      if (own.has(key)) return own.get(key) ?? null;
      try {
        return store?.getItem(key) ?? null;
      } catch {
        return null;
      }
    },
    setItem: (key, value) => {
      own.delete(key);
      try {
        if (store === null) throw new Error();
        store.setItem(key, value);
      } catch {
        own.set(key, value);
      }
    },
    removeItem: (key) => {
      own.delete(key);
      try {
        store?.removeItem(key);
      } catch {
        // It was never kept.
      }
    },
  };
}

function parsed<T>(text: string | null): T | null {
  try {
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}
