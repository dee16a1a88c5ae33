/** The widget of one page: it shows the launcher, does what the page asks, and loads the panel when there is a reason to. */
import type {
  LanguageModule,
  Panel,
  PanelModule,
  Place,
  Visit,
  VisitModule,
  WidgetConfig,
  WidgetEvents,
} from '../contract.js';
import type { Call } from './commands.js';
import { languageOf } from './language.js';
import { Launcher } from './launcher.js';

type Listener = (detail: unknown) => void;

export class Widget {
  private readonly listeners = new Map<string, Set<Listener>>();
  private launcher: Launcher | null = null;
  private config: WidgetConfig | null = null;
  private panel: Promise<Panel> | null = null;
  private visiting: Promise<Visit> | null = null;
  private unread = 0;
  /** What is wanted, which may be before there is anything to see. */
  private isOpen = false;
  private isShown = false;
  private isReady = false;
  /** What had the focus before. */
  private before: Element | null = null;

  /** Of the server: `https://chat.example.com`. */
  private readonly base: string;

  constructor(private readonly place: Place) {
    this.base = place.src.replace(/\/widget\.js([?#].*)?$/, '');
  }

  start(): void {
    this.place.commands.takeOver((call) => this.obey(call));
    void this.show();
  }

  private async show(): Promise<void> {
    const { key, page } = this.place;
    try {
      const response = await fetch(`${this.base}/api/public/widgets/${key}/config`);
      if (!response.ok) throw new Error(`The chat is not served here (${response.status})`);
      this.config = (await response.json()) as WidgetConfig;
    } catch (error) {
      // The page goes on as if there were no chat; whoever builds it can hear why.
      return this.fail(error);
    }
    await whenParsed(page.document);
    this.launcher = new Launcher(page, this.config, this.language, () => this.toggle());
    this.isReady = true;
    this.emit('ready', {});
    if (this.isOpen) await this.open();
    else await this.lookForNews();
  }

  private get language() {
    // The own navigator's: its list is an array of this realm.
    return languageOf([this.place.language, ...navigator.languages]);
  }

  /** Only where a conversation was left open. */
  private async lookForNews(): Promise<void> {
    if (!hasChat(this.place.key)) return;
    const count = await this.visit()
      .then((visit) => visit.countUnread())
      .catch(() => 0);
    if (count === 0) return;
    this.setUnread(count);
    await this.loaded();
  }

  /** By index: a page may have broken how its arrays are walked. */
  private obey({ 0: name, 1: first, 2: second }: Call): void {
    switch (name) {
      case 'open':
        return void this.open();
      case 'close':
        return this.close();
      case 'toggle':
        return this.toggle();
      case 'send':
        return void this.send(first);
      case 'identify':
        return void this.identify(first);
      case 'logout':
        return void this.logout();
      case 'on':
      case 'off':
        return this.listen(name, first, second);
      default:
    }
  }

  private toggle(): void {
    if (this.isOpen) this.close();
    else void this.open();
  }

  private async open(): Promise<void> {
    const wasOpen = this.isOpen;
    this.isOpen = true;
    if (!this.isReady) return;
    if (!wasOpen || this.before === null) this.before = this.place.page.document.activeElement;
    const panel = await this.loaded();
    // Closed again while it was loaded.
    if (panel === null || !this.isOpen) return;
    if (this.isShown) return;
    this.isShown = true;
    this.launcher?.setOpen(true);
    panel.open();
    this.emit('open', {});
  }

  private close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    if (!this.isShown) return;
    this.isShown = false;
    this.launcher?.setOpen(false);
    void this.panel?.then((panel) => panel.close());
    this.giveFocusBack();
    this.emit('close', {});
  }

  private giveFocusBack(): void {
    const { body, documentElement } = this.place.page.document;
    const before = this.before as HTMLElement | null;
    this.before = null;
    const isPlace = before !== null && before !== body && before !== documentElement && before.isConnected;
    if (isPlace && before.localName !== 'switchboard-widget') before.focus();
    else this.launcher?.focus();
  }

  private async send(text: unknown): Promise<void> {
    if (typeof text !== 'string' || text.trim() === '') return;
    await this.open();
    if (!this.isReady) {
      // Said before there is anything to say it to.
      const later = () => {
        this.listen('off', 'ready', later);
        void this.send(text);
      };
      return this.listen('on', 'ready', later);
    }
    (await this.loaded())?.send(text);
  }

  private async identify(source: unknown): Promise<void> {
    if (typeof source !== 'string' && typeof source !== 'function') return;
    try {
      await (await this.visit()).visitor.identify(source as () => string);
      (await this.panel)?.visitorChanged();
      if (this.panel === null && this.isReady) await this.lookForNews();
    } catch (error) {
      this.fail(error);
    }
  }

  private async logout(): Promise<void> {
    (await this.visit()).visitor.forget();
    this.setUnread(0);
    (await this.panel)?.reset();
  }

  private visit(): Promise<Visit> {
    const { base } = this;
    const { key } = this.place;
    this.visiting ??= (import(`${base}/widget/visit.js`) as Promise<VisitModule>).then(
      (module) => module.visit(base, key),
      (error: unknown) => {
        this.visiting = null;
        throw error;
      },
    );
    return this.visiting;
  }

  private loaded(): Promise<Panel | null> {
    const { launcher, config } = this;
    if (launcher === null || config === null) return Promise.resolve(null);
    launcher.setBusy(true);
    this.panel ??= this.load(launcher, config);
    return this.panel
      .catch((error: unknown) => {
        // The next click tries again.
        this.panel = null;
        this.isOpen = false;
        this.fail(error);
        return null;
      })
      .finally(() => launcher.setBusy(false));
  }

  private async load(launcher: Launcher, config: WidgetConfig): Promise<Panel> {
    const { page } = this.place;
    const { base, language } = this;
    const [{ mount }, { words }, visit] = await Promise.all([
      import(`${base}/widget/panel.js`) as Promise<PanelModule>,
      import(`${base}/widget/${language}.js`) as Promise<LanguageModule>,
      this.visit(),
    ]);
    return mount({
      page,
      element: launcher.panel,
      base,
      config,
      language,
      words,
      visit,
      emit: (event, detail) => this.emit(event, detail),
      setUnread: (count) => this.setUnread(count),
      close: () => this.close(),
    });
  }

  private setUnread(count: number): void {
    if (count === this.unread) return;
    this.unread = count;
    this.launcher?.setUnread(count);
    this.emit('unread', { count });
  }

  private listen(name: 'on' | 'off', event: unknown, listener: unknown): void {
    if (typeof event !== 'string' || typeof listener !== 'function') return;
    const set = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, set);
    if (name === 'off') set.delete(listener as Listener);
    else set.add(listener as Listener);
    // Who comes late is told as well.
    if (name === 'on' && event === 'ready' && this.isReady) this.tell(listener as Listener, {});
  }

  private emit<Event extends keyof WidgetEvents>(event: Event, detail: WidgetEvents[Event]): void {
    for (const listener of [...(this.listeners.get(event) ?? [])]) this.tell(listener, detail);
  }

  private fail(error: unknown): void {
    this.emit('error', { message: error instanceof Error ? error.message : String(error) });
  }

  /** A listener that throws is the page's own trouble, and said there. */
  private tell(listener: Listener, detail: unknown): void {
    setTimeout(() => listener(detail));
  }
}

/** As `visit/memory.ts` keeps it. */
function hasChat(key: string): boolean {
  try {
    return localStorage.getItem(`switchboard.chat.${key}`) !== null;
  } catch {
    return false;
  }
}

function whenParsed(document: Document): Promise<void> {
  if (document.readyState !== 'loading') return Promise.resolve();
  return new Promise((resolve) => document.addEventListener('DOMContentLoaded', () => resolve(), { once: true }));
}
