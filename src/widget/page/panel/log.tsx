import { useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { Citation, Item } from '../../../sdk/index.js';
import type { WidgetConfig } from '../contract.js';
import { useFor, useWords } from './context.js';
import { Dots } from './dots.js';
import { explainThrown } from './errors.js';
import { ToEndIcon } from './icons.js';
import { Note } from './note.js';
import { Rating } from './rating.js';
import type { Room, RoomState } from './room.js';
import { Turn } from './turn.js';

interface LogProps {
  room: Room;
  state: RoomState;
  config: WidgetConfig;
  onCite(messageId: string, citation: Citation): void;
  onEdit(text: string): void;
}

/** Distance from the end, in pixels, within which new text keeps scrolling along. */
const NEAR_END = 60;
const TYPING_MS = 12_000;
/** Between a question and the edge. */
const ABOVE = 12;

/** The greeting, what was said, and how it went. */
export function Log({ room, state, config, onCite, onEdit }: LogProps) {
  const words = useWords();
  const { conversation, connection, isOpen } = state;
  const { items, conversationId, people } = conversation;
  // Whoever goes away while writing cannot say so.
  const typing = useFor(people.typing, TYPING_MS);
  const scroller = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const count = useRef(0);
  /** The item whose beginning was brought into sight; from there on people scroll by themselves. */
  const held = useRef<{ key: string | null; top: number }>({ key: null, top: -1 });
  const [isAway, setAway] = useState(false);
  const isConnected = connection?.state === 'ready' || connection?.state === 'connecting' || connection === null;

  useLayoutEffect(() => {
    follows.current = true;
    setAway(false);
  }, [conversationId, isOpen]);
  useLayoutEffect(() => {
    const element = scroller.current;
    if (element === null) return;
    const last = items.at(-1);
    // One's own message is always worth seeing.
    if (items.length > count.current && last?.kind === 'turn' && last.status === 'sending') follows.current = true;
    count.current = items.length;
    if (!follows.current) return;
    const beginning = last !== undefined && last.key !== held.current.key ? beginningOf(element, last) : null;
    const end = element.scrollHeight - element.clientHeight;
    if (beginning !== null && beginning < end) {
      held.current = { key: last?.key ?? null, top: beginning };
      follows.current = false;
      element.scrollTop = beginning;
    } else element.scrollTop = end;
  }, [items, isOpen, typing]);

  return (
    <div class="log-frame">
      <div
        ref={scroller}
        class="log"
        role="region"
        aria-label={words.conversation}
        tabIndex={0}
        onScroll={({ currentTarget: { clientHeight, scrollHeight, scrollTop } }) => {
          const isNear = scrollHeight - scrollTop - clientHeight < NEAR_END;
          // Brought there, rather than scrolled there: what is still to come below does not move it.
          follows.current = isNear && Math.abs(scrollTop - held.current.top) > 1;
          setAway(!isNear);
        }}
        data-testid="log"
      >
        {conversation.hasEarlier ? <Earlier room={room} /> : <Greeting config={config} />}
        {conversation.restoring && items.length === 0 && <p class="hint">{words.loading}</p>}
        {items.map((item) => (
          <Memo
            key={item.key}
            values={[item, isConnected, conversationId]}
            draw={() => <Entry item={item} room={room} isConnected={isConnected} onCite={onCite} onEdit={onEdit} />}
          />
        ))}
        {typing !== null && (
          <p class="typing" data-testid="typing">
            <Dots /> {words.typing(typing.name ?? people.supporter ?? words.aColleague)}
          </p>
        )}
        {conversationId !== null && isOver(items, people.ended) && <Rating key={conversationId} room={room} />}
        {items.length === 0 && !conversation.restoring && conversation.notice === null && state.refusal === null && (
          <Questions questions={config.questions} onPick={(question) => room.send(question)} />
        )}
      </div>
      {isAway && (
        <button
          type="button"
          class="to-end"
          aria-label={words.toEnd}
          onClick={() => {
            follows.current = true;
            scroller.current?.scrollTo({ top: scroller.current.scrollHeight, behavior: 'smooth' });
          }}
        >
          <ToEndIcon />
        </button>
      )}
    </div>
  );
}

/** A long answer is read from its beginning: its question stays in sight, whatever is still to come below. */
function beginningOf(log: HTMLElement, last: Item): number | null {
  const turn = last.kind === 'turn' && last.text !== '' ? log.querySelector<HTMLElement>('.turn:last-of-type') : null;
  return turn === null ? null : turn.offsetTop - ABOVE;
}

/** With a person, until somebody goes on; or altogether. */
function isOver(items: readonly Item[], isEnded: boolean): boolean {
  const last = items.at(-1);
  const status = last?.kind === 'note' ? last.escalation?.status : undefined;
  return isEnded || status === 'resolved' || status === 'closed';
}

/** Drawn again only when one of the values is another one: what has ended stays as it is while something streams. */
function Memo({ values, draw }: { values: unknown[]; draw: () => preact.VNode }) {
  return useMemo(draw, values);
}

interface EntryProps extends Pick<LogProps, 'room' | 'onCite' | 'onEdit'> {
  item: Item;
  isConnected: boolean;
}

function Entry({ item, ...props }: EntryProps) {
  return item.kind === 'turn' ? <Turn turn={item} {...props} /> : <Note note={item} />;
}

function Greeting({ config }: { config: WidgetConfig }) {
  const words = useWords();
  return (
    <div class="row">
      <p class="bubble theirs greeting" dir="auto" data-testid="greeting">
        {config.texts.greeting || words.greeting}
      </p>
    </div>
  );
}

function Questions({ questions, onPick }: { questions: readonly string[]; onPick(question: string): void }) {
  if (questions.length === 0) return null;
  return (
    <ul class="questions">
      {questions.map((question) => (
        <li key={question}>
          <button type="button" dir="auto" onClick={() => onPick(question)} data-testid="question">
            {question}
          </button>
        </li>
      ))}
    </ul>
  );
}

function Earlier({ room }: { room: Room }) {
  const words = useWords();
  const [isLoading, setLoading] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const load = async () => {
    setLoading(true);
    setError(null);
    await room.loadEarlier().catch((thrown: unknown) => setError(explainThrown(thrown, words)));
    setLoading(false);
  };
  return (
    <div class="earlier">
      <button type="button" class="quiet-button" disabled={isLoading} onClick={() => void load()}>
        {isLoading ? words.loading : words.earlier}
      </button>
      {error !== null && <p class="hint">{error}</p>}
    </div>
  );
}
