/** What the loader and the panel, which are built and loaded apart, know of each other and of the server's answers. */
import type { Commands } from './loader/commands.js';
import type { Memory } from './visit/memory.js';
import type { Visitor } from './visit/visitor.js';
import type { Words } from './panel/words.js';

/** Where a script tag put the widget. */
export interface Place {
  /** The customer's window; this code's own may be an empty frame's. */
  readonly page: Window;
  /** Of the script: `https://chat.example.com/widget.js`. */
  readonly src: string;
  readonly key: string;
  /** What the page asks for; null: the browser's. */
  readonly language: string | null;
  readonly commands: Commands;
}

export interface Appearance {
  readonly accent?: string;
  readonly position?: 'left' | 'right';
  readonly theme?: 'light' | 'dark' | 'auto';
}

export interface Texts {
  readonly title?: string;
  readonly greeting?: string;
  readonly placeholder?: string;
  readonly offline?: string;
}

/** `GET /api/public/widgets/{public_key}/config` */
export interface WidgetConfig {
  readonly name: string;
  readonly appearance: Appearance;
  readonly texts: Texts;
  readonly questions: readonly string[];
  readonly identity: 'optional' | 'required';
  readonly online: boolean;
}

/** What the page can listen to. */
export interface WidgetEvents {
  ready: Record<string, never>;
  open: Record<string, never>;
  close: Record<string, never>;
  message: { id: string; role: string; content: string; conversation_id: string | null };
  unread: { count: number };
  error: { message: string };
}

/** `visit.js` */
export interface Visit {
  readonly memory: Memory;
  /** Id of the tenant. */
  readonly tenant: string;
  readonly visitor: Visitor;
  /** How many answers nobody has seen yet. */
  countUnread(): Promise<number>;
}

export interface VisitModule {
  visit(base: string, key: string): Visit;
}

/** `en.js` and the others. */
export interface LanguageModule {
  readonly words: Words;
}

/** `panel.js` */
export interface PanelModule {
  mount(place: PanelPlace): Panel;
}

export interface PanelPlace {
  readonly page: Window;
  /** What it draws into, in a shadow root. */
  readonly element: HTMLElement;
  readonly base: string;
  readonly config: WidgetConfig;
  readonly language: string;
  readonly words: Words;
  readonly visit: Visit;
  emit<Event extends keyof WidgetEvents>(event: Event, detail: WidgetEvents[Event]): void;
  setUnread(count: number): void;
  /** The person closes it. */
  close(): void;
  /** It stands in a page of the console and is always open. */
  readonly isPreview?: boolean;
}

export interface Panel {
  open(): void;
  close(): void;
  send(text: string): void;
  /** The visitor is somebody else by name, or by now. */
  visitorChanged(): void;
  /** Everything that was said is hidden, and begins anew. */
  reset(): void;
  /** Lets go of the page and the connection. */
  remove(): void;
}
