import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CannedReply, Desk } from '../desk.js';
import { messageOf } from '../hooks.js';
import { SendIcon } from './icons.js';

const LONGEST = 16_000;
/** Said again while the text grows; the other end forgets it after some seconds. */
const TYPING_EVERY_MS = 3000;

interface ReplyBoxProps {
  desk: Desk;
  caseId: string;
  /** Raised when the keyboard asks for the field. */
  focus: number;
  /** Raised when the keyboard asks for what the agent would say. */
  suggestion: number;
  onSend(content: string): void;
  onTyping(on: boolean): void;
}

/** Where a supporter writes: their own words, a prepared reply (`/`), or what the agent would say. */
export function ReplyBox({ desk, caseId, focus, suggestion, onSend, onTyping }: ReplyBoxProps) {
  const [text, setText] = useState('');
  const [canned, setCanned] = useState<readonly CannedReply[]>([]);
  const [picked, setPicked] = useState(0);
  const [asking, setAsking] = useState(false);
  const [problem, setProblem] = useState<string | null>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const typedAt = useRef(0);

  useEffect(() => {
    desk
      .cannedReplies()
      .then(setCanned)
      .catch(() => undefined);
  }, [desk]);
  useEffect(() => {
    if (focus > 0) field.current?.focus();
  }, [focus]);
  useLayoutEffect(() => {
    const element = field.current;
    if (!element) return;
    element.style.height = 'auto';
    element.style.height = `${element.scrollHeight}px`;
  }, [text]);

  const offered = useMemo(() => {
    if (!text.startsWith('/')) return [];
    const words = text.slice(1).toLowerCase();
    return canned.filter(({ content, title }) => `${title}\n${content}`.toLowerCase().includes(words)).slice(0, 8);
  }, [text, canned]);

  const write = (next: string) => {
    setText(next);
    setPicked(0);
    const now = Date.now();
    if (next === '' || next.startsWith('/')) {
      if (typedAt.current > 0) onTyping(false);
      typedAt.current = 0;
    } else if (now - typedAt.current > TYPING_EVERY_MS) {
      typedAt.current = now;
      onTyping(true);
    }
  };
  const take = (reply: CannedReply | undefined) => {
    if (reply) write(reply.content);
    field.current?.focus();
  };
  const canSend = text.trim() !== '' && text.length <= LONGEST && !text.startsWith('/');
  const send = () => {
    if (!canSend) return;
    onSend(text.trim());
    typedAt.current = 0;
    setText('');
  };
  const suggest = async () => {
    setAsking(true);
    setProblem(null);
    try {
      const suggested = await desk.suggest(caseId);
      write(suggested);
      field.current?.focus();
    } catch (thrown) {
      setProblem(messageOf(thrown));
    }
    setAsking(false);
  };
  useEffect(() => {
    if (suggestion > 0) void suggest();
  }, [suggestion]);
  const onKeyDown = (event: KeyboardEvent) => {
    if (offered.length > 0) {
      if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
        event.preventDefault();
        const step = event.key === 'ArrowDown' ? 1 : offered.length - 1;
        return setPicked((at) => (at + step) % offered.length);
      }
      if (event.key === 'Enter' || event.key === 'Tab') {
        event.preventDefault();
        return take(offered[picked]);
      }
      if (event.key === 'Escape') {
        event.preventDefault();
        return setText('');
      }
    }
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return undefined;
    event.preventDefault();
    return send();
  };

  return (
    <form
      class="reply-box"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      {offered.length > 0 && (
        <ul class="canned" role="listbox" aria-label="Prepared replies" id="canned" data-testid="canned">
          {offered.map((reply, index) => (
            <li
              key={reply.id}
              id={`canned-${index}`}
              role="option"
              aria-selected={index === picked}
              onClick={() => take(reply)}
            >
              <strong>{reply.title}</strong> <span class="muted">{reply.content}</span>
            </li>
          ))}
        </ul>
      )}
      {problem !== null && (
        <p class="alert small" role="alert">
          {problem}
        </p>
      )}
      <div class="composer-box">
        <label class="visually-hidden" for="reply">
          Reply
        </label>
        <textarea
          id="reply"
          ref={field}
          rows={1}
          value={text}
          dir="auto"
          placeholder="Reply…"
          aria-controls={offered.length > 0 ? 'canned' : undefined}
          aria-activedescendant={offered.length > 0 ? `canned-${picked}` : undefined}
          onInput={(event) => write(event.currentTarget.value)}
          onKeyDown={onKeyDown}
          data-testid="reply-input"
        />
        <button
          type="button"
          class="button small"
          disabled={asking}
          onClick={() => void suggest()}
          data-testid="suggest"
        >
          {asking ? 'Asking…' : 'Suggest'}
        </button>
        <button type="submit" class="round send" disabled={!canSend} aria-label="Send" data-testid="reply-send">
          <SendIcon />
        </button>
      </div>
      <p class="composer-hint muted wide-only">
        {canned.length > 0 && (
          <>
            <kbd>/</kbd> for prepared replies,{' '}
          </>
        )}
        <kbd>Enter</kbd> sends
      </p>
    </form>
  );
}
