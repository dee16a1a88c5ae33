/** Where the keyboard is: in the panel while it is open. */
const FOCUSABLE = 'button, a[href], textarea, input, summary, [tabindex="0"]';

function focusable(panel: HTMLElement): HTMLElement[] {
  return [...panel.querySelectorAll<HTMLElement>(FOCUSABLE)].filter(
    (element) =>
      !element.matches(':disabled') && element.closest('[inert]') === null && element.getClientRects().length > 0,
  );
}

/** What has the focus beside this element. */
export function focusedBeside(element: HTMLElement | null): HTMLElement | null {
  return element === null ? null : ((element.getRootNode() as ShadowRoot).activeElement as HTMLElement | null);
}

/** Into the field to write in; on a touch screen that would open the keyboard over the conversation. */
export function focusIn(panel: HTMLElement | null, page: Window): void {
  if (panel === null) return;
  const isFine = page.matchMedia('(pointer: fine)').matches;
  const field = isFine ? panel.querySelector<HTMLElement>('textarea:not(:disabled)') : null;
  (field ?? focusable(panel)[0])?.focus({ preventScroll: true });
}

/** From the last element on to the first, and back. */
export function keepFocusIn(panel: HTMLElement | null, event: KeyboardEvent): void {
  if (panel === null) return;
  const elements = focusable(panel);
  const [first, last] = [elements[0], elements.at(-1)];
  const at = focusedBeside(panel);
  const next = event.shiftKey ? (at === first ? last : null) : at === last ? first : null;
  if (!next) return;
  event.preventDefault();
  next.focus();
}
