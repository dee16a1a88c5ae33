import { useState } from 'preact/hooks';
import { useWords } from './context.js';
import { explainThrown } from './errors.js';
import { StarIcon } from './icons.js';
import type { Room } from './room.js';

const SCORES = [1, 2, 3, 4, 5];

/** How it was, once it has ended. */
export function Rating({ room }: { room: Room }) {
  const words = useWords();
  const [score, setScore] = useState(0);
  const [text, setText] = useState('');
  const [isDone, setDone] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const send = async () => {
    try {
      await room.rateConversation(score, text.trim() || undefined);
      setDone(true);
    } catch (thrown) {
      setError(explainThrown(thrown, words));
    }
  };
  if (isDone) {
    return (
      <p class="event" role="status" data-testid="rated">
        {words.thanks}
      </p>
    );
  }
  return (
    <form
      class="sheet"
      onSubmit={(event) => {
        event.preventDefault();
        void send();
      }}
      data-testid="rating"
    >
      <fieldset>
        <legend>{words.rateTitle}</legend>
        <div class="stars">
          {SCORES.map((n) => (
            <label key={n} class={n <= score ? 'star on' : 'star'}>
              <input
                type="radio"
                name="score"
                class="unseen"
                value={n}
                checked={n === score}
                onChange={() => setScore(n)}
                aria-label={words.star(n)}
              />
              <StarIcon />
            </label>
          ))}
        </div>
      </fieldset>
      {score > 0 && (
        <>
          <label>
            {words.comment}
            <textarea
              rows={2}
              maxLength={1000}
              dir="auto"
              value={text}
              onInput={({ currentTarget }) => setText(currentTarget.value)}
            />
          </label>
          {error !== null && <p class="wrong">{error}</p>}
          <button type="submit" class="main-button" data-testid="rating-send">
            {words.submit}
          </button>
        </>
      )}
    </form>
  );
}
