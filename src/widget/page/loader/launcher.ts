/** The button in the corner, and the shadow root that everything stands in. Made by hand: it is all that most visits load. */
import type { WidgetConfig } from '../contract.js';
import { isDark, themeRule } from './appearance.js';
import { directionOf, type Language, LAUNCHER, type LauncherWords } from './language.js';
import css from './launcher.css';

const SVG = 'http://www.w3.org/2000/svg';
const TALK =
  'M5.5 5h13A1.5 1.5 0 0 1 20 6.5v8.6a1.5 1.5 0 0 1-1.5 1.5h-6.9L7 20v-3.4H5.5A1.5 1.5 0 0 1 4 15.1V6.5A1.5 1.5 0 0 1 5.5 5Z';
const SHUT = 'm6.5 9.5 5.5 5.5 5.5-5.5';
const MOST_SHOWN = 9;

export class Launcher {
  /** What the panel draws into. */
  readonly panel: HTMLElement;
  private readonly frame: HTMLElement;
  private readonly button: HTMLButtonElement;
  private readonly badge: HTMLElement;
  private readonly words: LauncherWords;
  private isOpen = false;
  private unread = 0;

  constructor(page: Window, config: WidgetConfig, language: Language, onClick: () => void) {
    const { document } = page;
    this.words = LAUNCHER[language];
    const host = document.createElement('switchboard-widget');
    document.documentElement.appendChild(host);
    const root = host.attachShadow({ mode: 'open' });
    adoptStyles(page, root, config, css);
    this.frame = element('div');
    this.frame.lang = language;
    this.frame.dir = directionOf(language);
    this.panel = element('div');
    const section = element('section');
    section.setAttribute('aria-label', this.words.chat);
    this.button = element('button');
    this.button.type = 'button';
    this.button.className = 'launcher';
    this.button.setAttribute('aria-haspopup', 'dialog');
    this.button.dataset['testid'] = 'launcher';
    this.button.addEventListener('click', onClick);
    this.badge = element('span');
    this.badge.className = 'badge';
    this.badge.hidden = true;
    this.badge.setAttribute('aria-hidden', 'true');
    this.button.append(icon(TALK, 'talk'), icon(SHUT, 'shut'), this.badge);
    section.append(this.button);
    this.frame.append(this.panel, section);
    root.append(this.frame);
    this.place = config.appearance.position ?? 'right';
    this.update();
  }

  private readonly place: 'left' | 'right';

  focus(): void {
    this.button.focus();
  }

  setOpen(isOpen: boolean): void {
    this.isOpen = isOpen;
    this.update();
  }

  setBusy(isBusy: boolean): void {
    this.button.setAttribute('aria-busy', String(isBusy));
  }

  setUnread(count: number): void {
    this.unread = count;
    this.update();
  }

  private update(): void {
    const { close, open, unread } = this.words;
    this.frame.className = `${this.place}${this.isOpen ? ' opened' : ''}`;
    this.button.setAttribute('aria-expanded', String(this.isOpen));
    const shown = this.isOpen ? 0 : this.unread;
    this.button.setAttribute('aria-label', this.isOpen ? close : shown > 0 ? `${open}, ${unread(shown)}` : open);
    this.badge.hidden = shown === 0;
    this.badge.textContent = shown > MOST_SHOWN ? `${MOST_SHOWN}+` : String(shown);
  }
}

/** A style sheet belongs to the document that it is used in: it is the page's to make. */
export function adoptStyles(
  page: Window,
  root: ShadowRoot,
  { appearance }: Pick<WidgetConfig, 'appearance'>,
  text: string,
) {
  const { CSSStyleSheet: Sheet } = page as Window & typeof globalThis;
  const [theme, own] = [new Sheet(), new Sheet()];
  own.replaceSync(text);
  const paint = () => theme.replaceSync(themeRule(appearance, isDark(appearance, page)));
  paint();
  page.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);
  const sheets: CSSStyleSheet[] = [];
  // An array of the page's, whose ways to be walked may be broken.
  for (let index = 0; index < root.adoptedStyleSheets.length; index++)
    sheets.push(root.adoptedStyleSheets[index] as CSSStyleSheet);
  root.adoptedStyleSheets = [...sheets, theme, own];
}

function element<Tag extends keyof HTMLElementTagNameMap>(tag: Tag): HTMLElementTagNameMap[Tag] {
  return document.createElement(tag);
}

function icon(path: string, name: string): SVGElement {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('class', name);
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  const line = document.createElementNS(SVG, 'path');
  line.setAttribute('d', path);
  line.setAttribute('fill', name === 'talk' ? 'currentColor' : 'none');
  line.setAttribute('stroke', 'currentColor');
  line.setAttribute('stroke-width', name === 'talk' ? '1' : '2.4');
  line.setAttribute('stroke-linecap', 'round');
  line.setAttribute('stroke-linejoin', 'round');
  svg.append(line);
  return svg;
}
