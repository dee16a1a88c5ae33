import { useEffect, useRef, useState } from 'preact/hooks';
import { useWords } from './context.js';
import { explainThrown } from './errors.js';
import { CheckIcon, DownIcon, UpIcon } from './icons.js';
import type { Room } from './room.js';

/** A thumb, and a word about it from who likes to give one. */
export function Feedback({ room, messageId }: { room: Room; messageId: string }) {
  const words = useWords();
  const [rating, setRating] = useState<'up' | 'down' | null>(null);
  const [isAsking, setAsking] = useState(false);
  const [text, setText] = useState('');
  const [said, setSaid] = useState<string | null>(null);
  const thumbs = useRef<HTMLDivElement>(null);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (!isAsking) return;
    form.current?.scrollIntoView({ block: 'nearest' });
    form.current?.querySelector('textarea')?.focus({ preventScroll: true });
  }, [isAsking]);
  const rate = async (next: 'up' | 'down', comment?: string) => {
    setRating(next);
    setSaid(null);
    setAsking(next === 'down' && comment === undefined);
    try {
      await room.rate(messageId, next, comment);
      if (next === 'up' || comment !== undefined) setSaid(words.thanks);
    } catch (error) {
      setRating(null);
      setAsking(false);
      setSaid(explainThrown(error, words));
    }
  };
  const thumb = (kind: 'up' | 'down', label: string) => (
    <button
      type="button"
      class="thumb"
      aria-label={label}
      aria-pressed={rating === kind}
      onClick={() => void rate(kind)}
      data-testid={`thumb-${kind}`}
    >
      {kind === 'up' ? <UpIcon /> : <DownIcon />}
    </button>
  );
  return (
    <div class="feedback">
      <div ref={thumbs} class="thumbs">
        {thumb('up', words.helpful)}
        {thumb('down', words.notHelpful)}
        {said !== null && (
          <span class="hint" role="status">
            <CheckIcon /> {said}
          </span>
        )}
      </div>
      {isAsking && (
        <form
          ref={form}
          class="comment"
          onSubmit={(event) => {
            event.preventDefault();
            if (text.trim() === '') setAsking(false);
            else void rate('down', text.trim());
            thumbs.current?.querySelector('button')?.focus();
          }}
        >
          <label>
            {words.comment}
            <textarea
              rows={2}
              maxLength={1000}
              dir="auto"
              placeholder={words.commentHint}
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
              data-testid="comment"
            />
          </label>
          <div class="buttons">
            <button type="button" class="quiet-button" onClick={() => setAsking(false)}>
              {words.skip}
            </button>
            <button type="submit" class="main-button" data-testid="comment-send">
              {words.submit}
            </button>
          </div>
        </form>
      )}
    </div>
  );
}
