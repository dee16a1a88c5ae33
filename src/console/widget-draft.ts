/** A website's widget as an admin shapes it: what the API holds, and what stands in the fields of the form. */

export interface WidgetDraft {
  name: string;
  origins: string[];
  enabled: boolean;
  identity: 'optional' | 'required';
  appearance: { accent?: string; position?: 'left' | 'right'; theme?: 'light' | 'dark' | 'auto' };
  texts: { title?: string; greeting?: string; placeholder?: string; offline?: string };
  questions: string[];
}

export interface Widget extends WidgetDraft {
  readonly id: string;
  readonly public_key: string;
  readonly secret_last4: string;
}

export const MOST_QUESTIONS = 8;
export const DEFAULT_ACCENT = '#0f766e';
const ACCENT = /^#[0-9a-f]{6}$/i;

export function newDraft(name: string): WidgetDraft {
  return {
    name,
    origins: [],
    enabled: true,
    identity: 'optional',
    appearance: { accent: DEFAULT_ACCENT, position: 'right', theme: 'auto' },
    texts: {},
    questions: [],
  };
}

/** The fields that can be changed, of a widget as it was read. */
export function draftOf(widget: Widget): WidgetDraft {
  const { appearance, enabled, identity, name, origins, questions, texts } = widget;
  return { appearance, enabled, identity, name, origins, questions, texts };
}

/** One to a line, as a person writes them. */
export function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** `https://shop.example.com/contact` → `https://shop.example.com`: what browsers say of a page. Others stay, to be refused. */
export function originOf(line: string): string {
  const address = /^[a-z]+:\/\//i.test(line) ? line : `https://${line}`;
  if (line.includes('*') || !URL.canParse(address)) return line;
  return new URL(address).origin;
}

/** What is wrong, by field; empty: it can be saved. */
export function faultsOf({ appearance, name, questions }: WidgetDraft): {
  name?: string;
  accent?: string;
  questions?: string;
} {
  return {
    ...(name.trim() === '' ? { name: 'Give it a name' } : {}),
    ...(ACCENT.test(appearance.accent ?? DEFAULT_ACCENT) ? {} : { accent: 'A colour such as #0f766e' }),
    ...(questions.length > MOST_QUESTIONS ? { questions: `At most ${MOST_QUESTIONS} questions` } : {}),
  };
}

/** What is sent: no empty words, and origins as browsers write them. */
export function cleaned(draft: WidgetDraft): WidgetDraft {
  const texts = Object.fromEntries(Object.entries(draft.texts).filter(([, text]) => text.trim() !== ''));
  return { ...draft, name: draft.name.trim(), texts, origins: [...new Set(draft.origins.map(originOf))] };
}

export function snippetOf(server: string, publicKey: string): string {
  return `<script src="${server}/widget.js" data-widget="${publicKey}" async></script>`;
}
