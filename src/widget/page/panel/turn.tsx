import { useState } from 'preact/hooks';
import { type Citation, isSettled, type Step, type TurnView } from '../../../sdk/index.js';
import { Cards } from './cards.js';
import { useNow, useWords } from './context.js';
import { Dots } from './dots.js';
import { explain } from './errors.js';
import { Feedback } from './feedback.js';
import { AlertIcon, RetryIcon } from './icons.js';
import { Prose } from './prose.js';
import type { Room } from './room.js';

interface TurnProps {
  turn: TurnView;
  room: Room;
  isConnected: boolean;
  onCite(messageId: string, citation: Citation): void;
  onEdit(text: string): void;
}

/** A question and what came of it. */
export function Turn({ turn, room, isConnected, onCite, onEdit }: TurnProps) {
  const words = useWords();
  const { question, status } = turn;
  return (
    <article class="turn" data-testid="turn" data-status={status}>
      {question && (
        <div class="row own">
          <p class="bubble own" dir="auto">
            <span class="unseen">{words.you} </span>
            {question.content}
          </p>
          {status === 'sending' && (
            <p class="hint" data-testid="delivery">
              {isConnected ? words.sending : words.waitsForConnection}
            </p>
          )}
        </div>
      )}
      <Answer turn={turn} onCite={onCite} />
      {turn.answer !== null && status === 'completed' && <Feedback room={room} messageId={turn.answer.id} />}
      {status === 'cancelled' && (
        <p class="outcome" data-testid="stopped">
          {words.stopped}
          {question && (
            <button
              type="button"
              class="quiet-button"
              onClick={() => room.again(turn.key, question.content)}
              data-testid="again"
            >
              <RetryIcon /> {words.askAgain}
            </button>
          )}
        </p>
      )}
      {status === 'failed' && turn.error !== null && <Failure turn={turn} room={room} onEdit={onEdit} />}
    </article>
  );
}

function Answer({ turn, onCite }: Pick<TurnProps, 'turn' | 'onCite'>) {
  const words = useWords();
  const { answer, payloads, prompt, text } = turn;
  const citations = answer?.metadata?.citations ?? [];
  const cite = (citation: Citation) => answer !== null && onCite(answer.id, citation);
  const isLive = !isSettled(turn) && turn.status !== 'unanswered' && turn.status !== 'sending';
  return (
    <>
      {isLive && text === '' && <Steps turn={turn} />}
      {(text !== '' || prompt !== null) && (
        <div class="row">
          <div class={isLive ? 'bubble theirs live' : 'bubble theirs'} data-testid="answer">
            <Prose text={text} citations={citations} onCite={cite} />
            {prompt !== null && prompt !== text && <Prose text={prompt} />}
          </div>
        </div>
      )}
      {payloads.map((payload, index) => (
        <Cards key={index} payload={payload} />
      ))}
      {citations.length > 0 && (
        <ul class="sources" aria-label={words.sources}>
          {citations.map((citation) => (
            <li key={citation.n}>
              <button type="button" onClick={() => cite(citation)} data-testid={`source-${citation.n}`}>
                <span class="cite-n">{citation.n}</span>
                <span class="source-title">{citation.title ?? words.document}</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

/** What happens while nothing can be read yet. */
function Steps({ turn }: { turn: TurnView }) {
  const words = useWords();
  const said = turn.steps.map((step) => stepText(step, words.steps));
  const current = turn.queued ? words.queued : (said.at(-1) ?? words.thinking);
  return (
    <div class="row">
      <div class="bubble theirs steps" data-testid="steps">
        <Dots />
        <span key={current} class="step">
          {current}
        </span>
      </div>
    </div>
  );
}

function stepText({ message, step }: Step, known: Readonly<Record<string, string>>): string {
  return known[step] ?? message;
}

function Failure({ turn, room, onEdit }: Pick<TurnProps, 'turn' | 'room' | 'onEdit'>) {
  const words = useWords();
  const { error, question } = turn;
  const [notBefore] = useState(() => Date.now() + (error?.retryAfterMs ?? 0));
  const now = useNow(notBefore > Date.now());
  const seconds = Math.ceil((notBefore - now) / 1000);
  if (error === null) return null;
  return (
    <div class="failure" data-testid="failure">
      <AlertIcon />
      <p>{explain(error.code, words)}</p>
      {question && error.retryable && (
        <button
          type="button"
          class="quiet-button"
          disabled={seconds > 0}
          onClick={() => room.retry(turn.key)}
          data-testid="retry"
        >
          <RetryIcon /> {seconds > 0 ? words.tryAgainIn(seconds) : words.tryAgain}
        </button>
      )}
      {question && !error.retryable && (
        <button type="button" class="quiet-button" onClick={() => onEdit(question.content)} data-testid="edit">
          {words.edit}
        </button>
      )}
    </div>
  );
}
