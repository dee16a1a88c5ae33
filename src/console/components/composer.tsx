import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { useLatest } from '../hooks.js';
import { SendIcon, StopIcon } from './icons.js';

/** UTF-16 units, as the contract counts. */
const LONGEST_MESSAGE = 16_000;
const COUNT_FROM = 14_000;

interface ComposerProps {
  /** Changes when another conversation is shown: the field takes the focus. */
  focusKey: string;
  /** Text put into the field from outside; `nonce` tells equal ones apart. */
  draft: { text: string; nonce: number };
  /** A message may be sent now (it waits for the connection where there is none). */
  ready: boolean;
  running: boolean;
  /** False while it is stopping already, and while there is no connection to ask over. */
  stoppable: boolean;
  onSend(content: string): void;
  onStop(): void;
}

export function Composer({ focusKey, draft, ready, running, stoppable, onSend, onStop }: ComposerProps) {
  const [text, setText] = useState('');
  const field = useRef<HTMLTextAreaElement>(null);

  useEffect(() => {
    // On touch devices the focus would open the keyboard over the conversation.
    if (matchMedia('(pointer: fine)').matches) field.current?.focus();
  }, [focusKey]);

  useEffect(() => {
    if (draft.nonce === 0) return;
    setText(draft.text);
    field.current?.focus();
  }, [draft.nonce]);

  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  const stop = useLatest(onStop);
  useEffect(() => {
    if (!running || !stoppable) return undefined;
    const onKey = (event: KeyboardEvent) => {
      // Whatever is open above the conversation is closed first.
      if (event.key !== 'Escape' || event.defaultPrevented || document.querySelector('dialog[open]')) return;
      event.preventDefault();
      stop.current();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [running, stoppable]);

  const tooLong = text.length > LONGEST_MESSAGE;
  const canSend = ready && text.trim() !== '' && !tooLong;
  const send = () => {
    if (!canSend) return;
    onSend(text.trim());
    setText('');
  };

  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <div class="composer-box">
        <label class="visually-hidden" for="message">
          Message
        </label>
        <textarea
          id="message"
          ref={field}
          rows={1}
          value={text}
          dir="auto"
          placeholder="Ask a question…"
          aria-describedby="composer-hint"
          onInput={(event) => setText(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
          data-testid="composer-input"
        />
        {running && (
          <button
            type="button"
            class="round stop"
            onClick={() => {
              onStop();
              // The button is about to go.
              field.current?.focus();
            }}
            disabled={!stoppable}
            aria-label="Stop the answer"
            data-testid="stop"
          >
            <StopIcon />
          </button>
        )}
        <button type="submit" class="round send" disabled={!canSend} aria-label="Send" data-testid="send">
          <SendIcon />
        </button>
      </div>
      <p id="composer-hint" class="composer-hint muted">
        {text.length >= COUNT_FROM ? (
          <span class={tooLong ? 'too-long' : ''} role="status">
            {text.length.toLocaleString('en')} of {LONGEST_MESSAGE.toLocaleString('en')} characters
          </span>
        ) : (
          <>
            <kbd>Enter</kbd> sends, <kbd>Shift</kbd> + <kbd>Enter</kbd> starts a new line
            {running && (
              <>
                , <kbd>Esc</kbd> stops
              </>
            )}
          </>
        )}
      </p>
    </form>
  );
}
