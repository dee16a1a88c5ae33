import { useState } from 'preact/hooks';
import { useNow } from '../hooks.js';
import { agentLabel, agentsOf, type Citation, isSettled, type TurnView } from '../../sdk/index.js';
import { AlertIcon, CheckIcon, CopyIcon, RetryIcon } from './icons.js';
import { PayloadList } from './payload-list.js';
import { Markdown, SanitisedHtml } from './rich-text.js';
import { TurnSteps } from './turn-steps.js';

interface TurnItemProps {
  turn: TurnView;
  connected: boolean;
  onCite(messageId: string, citation: Citation): void;
  onRetry(key: string): void;
  onEdit(content: string): void;
  /** The last question: it can be answered again. */
  isLast: boolean;
  onAgain(turn: TurnView): void;
}

/** A question and everything that came of it. */
export function TurnItem({ turn, connected, isLast, onCite, onRetry, onEdit, onAgain }: TurnItemProps) {
  const { question } = turn;
  const agents = agentsOf(turn);
  const hasAnswer = turn.text !== '' || turn.payloads.length > 0 || turn.prompt !== null;
  return (
    <article class="turn" data-testid="turn" data-status={turn.status}>
      {turn.question && (
        <div class="question" data-testid="question">
          <span class="visually-hidden">You: </span>
          <p class="bubble" dir="auto">
            {turn.question.content}
          </p>
          {turn.status === 'sending' && (
            <p class="delivery muted">{connected ? 'Sending…' : 'Will be sent when the connection is back'}</p>
          )}
        </div>
      )}
      {turn.status !== 'sending' && (
        <div class="reply">
          {(turn.steps.length > 0 || (turn.status === 'running' && turn.text === '')) && <TurnSteps turn={turn} />}
          {hasAnswer && (
            <div class="answer" data-testid="answer">
              {agents.length > 0 && (
                <p class="agents" data-testid="agents">
                  <span class="visually-hidden">Answered by </span>
                  {agents.map((agent) => (
                    <span key={agent} class="tag accent" data-testid={`agent-${agent}`}>
                      {agentLabel(turn, agent)}
                    </span>
                  ))}
                  {turn.degraded && <DegradedBadge />}
                </p>
              )}
              {agents.length === 0 && turn.degraded && (
                <p class="agents">
                  <DegradedBadge />
                </p>
              )}
              <AnswerText turn={turn} onCite={onCite} />
              {turn.prompt !== null && <Markdown text={turn.prompt} citations={[]} onCite={() => undefined} />}
              {turn.payloads.map((payload, index) => (
                <PayloadList key={index} payload={payload} />
              ))}
              <AnswerFooter turn={turn} onCite={onCite} onAgain={isLast && connected ? onAgain : null} />
            </div>
          )}
          {turn.status === 'cancelled' && (
            <div class="outcome muted">
              <p data-testid="stopped">
                {hasAnswer ? 'Stopped. The part above is kept, but the agents will not build on it.' : 'Stopped.'}
              </p>
              {question && (
                <button type="button" class="button small" onClick={() => onAgain(turn)} data-testid="again">
                  <RetryIcon /> Ask again
                </button>
              )}
            </div>
          )}
          {turn.status === 'handed_off' && <p class="outcome muted">A person from the team takes over from here.</p>}
          {turn.status === 'failed' && turn.error && <Failure turn={turn} onRetry={onRetry} onEdit={onEdit} />}
        </div>
      )}
    </article>
  );
}

function DegradedBadge() {
  const [open, setOpen] = useState(false);
  return (
    <span class="degraded">
      <button
        type="button"
        class="tag warn"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
        data-testid="degraded-badge"
      >
        offline mode
      </button>
      {open && (
        <span class="degraded-why">
          No language model is connected: the question was routed by similarity, and the answer is quoted from the
          documents and tools rather than written.
        </span>
      )}
    </span>
  );
}

function AnswerText({ turn, onCite }: Pick<TurnItemProps, 'turn' | 'onCite'>) {
  const { answer } = turn;
  const context = {
    citations: answer?.metadata?.citations ?? NO_CITATIONS,
    onCite: (citation: Citation) => answer && onCite(answer.id, citation),
  };
  const sections = answer?.metadata?.sections ?? [];
  return (
    <div class={isSettled(turn) ? 'answer-text' : 'answer-text streaming'} data-testid="answer-text">
      {answer && sections.length > 1 ? (
        sections.map(({ agent, name, offset }, index) => (
          <section key={agent} aria-label={name}>
            <h3 class="section-agent">{name}</h3>
            <Markdown text={answer.content.slice(offset, sections[index + 1]?.offset)} {...context} />
          </section>
        ))
      ) : answer?.content_html ? (
        <SanitisedHtml html={answer.content_html} {...context} />
      ) : (
        <Markdown text={turn.text} {...context} />
      )}
    </div>
  );
}

const NO_CITATIONS: Citation[] = [];

interface AnswerFooterProps extends Pick<TurnItemProps, 'turn' | 'onCite'> {
  onAgain: TurnItemProps['onAgain'] | null;
}

function AnswerFooter({ turn, onCite, onAgain }: AnswerFooterProps) {
  const { answer } = turn;
  if (!answer) return null;
  const citations = answer.metadata?.citations ?? NO_CITATIONS;
  return (
    <footer class="answer-footer">
      {citations.length > 0 && (
        <ul class="sources" aria-label="Sources" data-testid="sources">
          {citations.map((citation) => (
            <li key={citation.n}>
              <button
                type="button"
                class="source"
                onClick={() => onCite(answer.id, citation)}
                data-testid={`source-${citation.n}`}
              >
                <span class="cite">{citation.n}</span>
                <span class="source-title">{citation.title ?? 'Document'}</span>
                {citation.page ? <span class="muted">p. {citation.page}</span> : null}
              </button>
            </li>
          ))}
        </ul>
      )}
      <CopyButton text={answer.content} />
      {onAgain && turn.question && turn.status === 'completed' && (
        <button
          type="button"
          class="icon-button small"
          aria-label="Ask again"
          title="Ask again"
          onClick={() => onAgain(turn)}
          data-testid="regenerate"
        >
          <RetryIcon />
        </button>
      )}
    </footer>
  );
}

function CopyButton({ text }: { text: string }) {
  const [copied, setCopied] = useState(false);
  // Only there in secure contexts.
  if (!navigator.clipboard) return null;
  const copy = async () => {
    await navigator.clipboard.writeText(text).catch(() => undefined);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <button type="button" class="icon-button small" onClick={() => void copy()} aria-label="Copy answer">
      {copied ? <CheckIcon /> : <CopyIcon />}
      <span class="visually-hidden" aria-live="polite">
        {copied ? 'Copied' : ''}
      </span>
    </button>
  );
}

function Failure({ turn, onRetry, onEdit }: Pick<TurnItemProps, 'turn' | 'onRetry' | 'onEdit'>) {
  const { error, question } = turn;
  const [notBefore] = useState(() => Date.now() + (error?.retryAfterMs ?? 0));
  const [waiting, setWaiting] = useState((error?.retryAfterMs ?? 0) > 0);
  const now = useNow(waiting);
  if (!error) return null;
  const seconds = Math.ceil((notBefore - now) / 1000);
  if (waiting && seconds <= 0) setWaiting(false);
  return (
    <div class="failure" data-testid="turn-error" data-code={error.code}>
      <AlertIcon />
      <div>
        <p>{error.message}</p>
        <p class="failure-actions">
          {error.retryable && question && (
            <button
              type="button"
              class="button small"
              disabled={seconds > 0}
              onClick={() => onRetry(turn.key)}
              data-testid="retry"
            >
              <RetryIcon /> {seconds > 0 ? `Try again in ${seconds} s` : 'Try again'}
            </button>
          )}
          {!error.retryable && question && (
            <button type="button" class="button small" onClick={() => onEdit(question.content)} data-testid="edit">
              Edit and send again
            </button>
          )}
        </p>
      </div>
    </div>
  );
}
