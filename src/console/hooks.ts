import { useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { Chat, ChatSnapshot, Session, Tokens } from '../sdk/index.js';
import type { Desk } from './desk.js';
import { type DeskState, EMPTY_DESK } from './desk-state.js';
import { hashOf, parseRoute, type Route } from './routes.js';

export function useTokens(session: Session): Tokens | null {
  const [tokens, setTokens] = useState(session.current);
  useEffect(() => session.subscribe(setTokens), [session]);
  return tokens;
}

/** The chat's state, at most once per frame: a fast stream must not render token by token. */
export function useChat(chat: Chat): ChatSnapshot {
  const [, render] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => {
    let scheduled = false;
    const paint = () => {
      scheduled = false;
      render();
    };
    return chat.subscribe(() => {
      if (scheduled) return;
      scheduled = true;
      // A hidden tab gets no animation frames.
      if (document.hidden) setTimeout(paint, 100);
      else requestAnimationFrame(paint);
    });
  }, [chat]);
  return chat.snapshot;
}

export function useDesk(desk: Desk | null): DeskState {
  const [state, setState] = useState(desk?.snapshot ?? EMPTY_DESK);
  useEffect(() => desk?.subscribe(() => setState(desk.snapshot)), [desk]);
  return state;
}

export function useRoute(): [Route, (route: Route, options?: { replace?: boolean }) => void] {
  const [route, setRoute] = useState(() => parseRoute(location.hash));
  useEffect(() => {
    const onChange = () => setRoute(parseRoute(location.hash));
    addEventListener('hashchange', onChange);
    return () => removeEventListener('hashchange', onChange);
  }, []);
  const navigate = (next: Route, options?: { replace?: boolean }) => {
    // Neither call fires `hashchange`.
    if (options?.replace || location.hash === hashOf(next)) history.replaceState(null, '', hashOf(next));
    else history.pushState(null, '', hashOf(next));
    setRoute(next);
  };
  return [route, navigate];
}

/** The latest value of something that changes, for callbacks that live longer than a render. */
export function useLatest<T>(value: T): { readonly current: T } {
  const ref = useRef(value);
  ref.current = value;
  return ref;
}

export function useMedia(query: string): boolean {
  const [matches, setMatches] = useState(() => matchMedia(query).matches);
  useEffect(() => {
    const list = matchMedia(query);
    const onChange = () => setMatches(list.matches);
    onChange();
    list.addEventListener('change', onChange);
    return () => list.removeEventListener('change', onChange);
  }, [query]);
  return matches;
}

/** Epoch milliseconds, ticking while `active`. */
export function useNow(active: boolean, everyMs = 1000): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!active) return undefined;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), everyMs);
    return () => clearInterval(timer);
  }, [active, everyMs]);
  return now;
}

/** The sentence to show for whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : 'Something went wrong. Please try again.';
}
