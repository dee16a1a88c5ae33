import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useWords } from './context.js';
import { PersonIcon, SendIcon, StopIcon } from './icons.js';
import type { Room, RoomState } from './room.js';

/** UTF-16 units, as the contract counts. */
const LONGEST_MESSAGE = 16_000;

/** Text put into the field from outside; `nonce` tells equal ones apart. */
export interface Draft {
  readonly text: string;
  readonly nonce: number;
}

interface ComposerProps {
  room: Room;
  state: RoomState;
  draft: Draft;
  placeholder: string;
  isRunning: boolean;
}

export function Composer({ room, state, draft, placeholder, isRunning }: ComposerProps) {
  const words = useWords();
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);
  const { people } = state.conversation;

  useEffect(() => {
    if (draft.nonce === 0) return;
    setText(draft.text);
    field.current?.focus();
  }, [draft.nonce]);
  useLayoutEffect(() => {
    const element = field.current;
    if (element === null) return;
    element.style.height = 'auto';
    if (text !== '') element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  if (people.ended || state.refusal !== null) return null;
  const over = text.length - LONGEST_MESSAGE;
  const canSend = text.trim() !== '' && over <= 0 && !room.awaitsFirstAck;
  const send = () => {
    if (!canSend) return;
    room.send(text);
    setText('');
  };
  const isAsked = people.owner === 'human' || people.escalation !== null;
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="field">
        <textarea
          ref={field}
          rows={1}
          dir={text === '' ? undefined : 'auto'}
          value={text}
          aria-label={words.message}
          placeholder={placeholder}
          enterkeyhint="send"
          autocomplete="off"
          onInput={({ currentTarget: { value } }) => {
            setText(value);
            room.typed(value === '');
          }}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
          data-testid="input"
        />
        {isRunning && (
          <button
            type="button"
            class="round stop"
            aria-label={words.stop}
            onClick={() => {
              room.stop();
              // The button is about to go.
              field.current?.focus();
            }}
            data-testid="stop"
          >
            <StopIcon />
          </button>
        )}
        {(!isRunning || text.trim() !== '') && (
          <button type="submit" class="round" disabled={!canSend} aria-label={words.send} data-testid="send">
            <SendIcon />
          </button>
        )}
      </div>
      {over > 0 && (
        <p class="wrong" role="status">
          {words.tooLong(over)}
        </p>
      )}
      {!isAsked && (
        <button type="button" class="person-link" onClick={() => room.talkToPerson()} data-testid="talk">
          <PersonIcon /> {words.talkToPerson}
        </button>
      )}
    </form>
  );
}
