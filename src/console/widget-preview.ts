/**
 * The real panel, as customers' pages load it, inside the console. It is built apart and found at run time, so only what is used
 * of it here is named.
 */
import type { WidgetDraft } from './widget-draft.js';

interface Panel {
  open(): void;
  remove(): void;
}

interface PanelModule {
  mount(place: object): Panel;
}

interface VisitModule {
  visit(base: string, key: string): object;
}

/** Draws it into a shadow root of the element, in the place of what was there. @returns a function that takes it away */
export async function showPreview(element: HTMLElement, draft: WidgetDraft, publicKey: string): Promise<() => void> {
  const base = location.origin;
  const [{ mount }, { visit }, { words }] = (await Promise.all([
    import(`${base}/widget/panel.js`),
    import(`${base}/widget/visit.js`),
    import(`${base}/widget/en.js`),
  ])) as [PanelModule, VisitModule, { words: object }];
  const host = document.createElement('div');
  host.className = 'preview-host';
  const root = host.attachShadow({ mode: 'open' });
  const frame = document.createElement('div');
  frame.className = 'preview';
  const place = document.createElement('div');
  frame.append(place);
  root.append(frame);
  element.replaceChildren(host);
  const { appearance, name, questions, texts } = draft;
  const panel = mount({
    page: window,
    element: place,
    base,
    config: { name, appearance, texts, questions, identity: 'optional', online: false },
    language: 'en',
    words,
    visit: visit(base, publicKey),
    emit: () => undefined,
    setUnread: () => undefined,
    close: () => undefined,
    isPreview: true,
  });
  panel.open();
  return () => panel.remove();
}
