import { createContext } from 'preact';
import { useContext, useEffect, useReducer, useRef, useState } from 'preact/hooks';
import type { PanelPlace } from '../contract.js';
import { onNextFrame } from './frames.js';
import type { Room, RoomState } from './room.js';
import type { Words } from './words.js';

/** What every part of the panel draws with. */
export interface Surroundings {
  readonly words: Words;
  readonly language: string;
  readonly page: Window;
}

/** Given by `App`, which is around everything. */
export const PanelContext = createContext<Surroundings>(null as unknown as Surroundings);

export function useWords(): Words {
  return useContext(PanelContext).words;
}

export function useSurroundings(): Surroundings {
  return useContext(PanelContext);
}

/** The room's state, at most once a frame: a fast stream must not render token by token. */
export function useRoom(room: Room, place: PanelPlace): RoomState {
  const [, draw] = useReducer<number, void>((count) => count + 1, 0);
  useEffect(() => {
    let isScheduled = false;
    const onChange = () => {
      if (isScheduled) return;
      isScheduled = true;
      onNextFrame(place.page, () => {
        isScheduled = false;
        draw();
      });
    };
    // What changed between the first drawing and this.
    onChange();
    return room.subscribe(onChange);
  }, [room]);
  return room.state;
}

/** Epoch milliseconds, ticking each second while `active`. */
export function useNow(active: boolean): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (!active) return undefined;
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, [active]);
  return now;
}

/** Puts the focus on what has just appeared. */
export function useFocusOnMount<Type extends HTMLElement>() {
  const ref = useRef<Type>(null);
  useEffect(() => ref.current?.focus(), []);
  return ref;
}

/** The value, until nothing was heard of it for so long. */
export function useFor<Value>(value: Value | null, ms: number): Value | null {
  const [over, setOver] = useState<Value | null>(null);
  useEffect(() => {
    if (value === null) return undefined;
    const timer = setTimeout(() => setOver(() => value), ms);
    return () => clearTimeout(timer);
  }, [value]);
  return value === over ? null : value;
}
