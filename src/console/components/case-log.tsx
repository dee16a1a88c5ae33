import { useLayoutEffect, useRef } from 'preact/hooks';
import type { ConversationState, Item, NoteView, StoredMessage } from '../../sdk/index.js';
import { agentLabel, agentsOf } from '../../sdk/index.js';
import { Markdown, SanitisedHtml } from './rich-text.js';

/** A reply that is on its way: its message comes by a frame, under an id of the server's. */
export interface PendingReply {
  readonly key: string;
  readonly content: string;
  readonly error: string | null;
  /** Of the stored message; null until the server has answered. */
  readonly messageId: string | null;
}

interface CaseLogProps {
  conversation: ConversationState;
  userName: string;
  pending: readonly PendingReply[];
  typing: boolean;
  onRetry(key: string): void;
  onEarlier(): void;
}

/** Pixels from the end within which new words keep scrolling along. */
const NEAR_END = 80;
const NOTHING_CITED = { citations: [], onCite: () => undefined };

/** The conversation as the person in the middle sees it: the user on one side, agent and colleagues on the other. */
export function CaseLog({ conversation, userName, pending, typing, onRetry, onEarlier }: CaseLogProps) {
  const log = useRef<HTMLDivElement>(null);
  const { items } = conversation;
  const shown = new Set(items.map((item) => (item.kind === 'note' ? item.message.id : null)));
  const open = pending.filter(({ messageId }) => messageId === null || !shown.has(messageId));
  const follows = useRef(true);
  const top = useRef(0);
  const toEnd = () => {
    const element = log.current;
    if (element && follows.current) element.scrollTop = element.scrollHeight;
  };
  useLayoutEffect(toEnd, [items, open.length, typing]);
  // The field below grows while somebody writes.
  useLayoutEffect(() => {
    const observer = new ResizeObserver(toEnd);
    if (log.current) observer.observe(log.current);
    return () => observer.disconnect();
  }, []);
  return (
    <div
      class="case-log"
      ref={log}
      role="log"
      aria-label="Conversation"
      tabIndex={0}
      onScroll={({ currentTarget: { clientHeight, scrollHeight, scrollTop } }) => {
        // Only who scrolls up leaves the end: words that come while it is scrolled there push it away, too.
        const isNear = scrollHeight - scrollTop - clientHeight < NEAR_END;
        if (isNear) follows.current = true;
        else if (scrollTop < top.current) follows.current = false;
        top.current = scrollTop;
      }}
      data-testid="case-log"
    >
      {conversation.hasEarlier && (
        <button type="button" class="button small" onClick={onEarlier}>
          Earlier messages
        </button>
      )}
      {conversation.restoring && <p class="centered muted">Opening the conversation…</p>}
      {items.map((item) => (
        <LogItem key={item.key} item={item} userName={userName} />
      ))}
      {open.map(({ content, error, key }) => (
        <div key={key} class="said own" data-testid="pending-reply">
          <p class="bubble pending" dir="auto">
            {content}
          </p>
          <p class="muted small">
            {error === null ? (
              'Sending…'
            ) : (
              <>
                {error}{' '}
                <button type="button" class="link-button" onClick={() => onRetry(key)} data-testid="reply-again">
                  Send again
                </button>
              </>
            )}
          </p>
        </div>
      ))}
      {typing && (
        <p class="muted small" role="status" data-testid="user-typing">
          {userName} is writing…
        </p>
      )}
    </div>
  );
}

function LogItem({ item, userName }: { item: Item; userName: string }) {
  if (item.kind === 'note') return item.escalation ? <Step {...item.escalation} /> : <Person message={item.message} />;
  const { answer, question, status, text } = item;
  const agents = agentsOf(item).map((agent) => agentLabel(item, agent));
  const isHandedOff = status === 'handed_off';
  return (
    <>
      {question && (
        <div class="said user" data-testid="said-user">
          <p class="who muted small">{userName}</p>
          <p class="bubble" dir="auto">
            {question.content}
          </p>
        </div>
      )}
      {(answer !== null || text !== '') && !isHandedOff && (
        <div class="said agent" data-testid="said-agent">
          <p class="who muted small">{agents.length > 0 ? agents.join(', ') : 'Agent'}</p>
          <div class="bubble">
            {answer?.content_html ? (
              <SanitisedHtml html={answer.content_html} {...NOTHING_CITED} />
            ) : (
              <Markdown text={text} {...NOTHING_CITED} />
            )}
          </div>
        </div>
      )}
      {status === 'failed' && <p class="muted small centered-line">The agent’s answer failed.</p>}
    </>
  );
}

function Step({ status, supporter }: NonNullable<NoteView['escalation']>) {
  const said: Readonly<Record<string, string>> = {
    waiting: 'A person was asked for',
    assigned: `${supporter ?? 'Somebody'} took over`,
    returned: 'Back with the agent',
    resolved: 'Resolved',
    closed: 'Ended',
  };
  return <p class="muted small centered-line">{said[status] ?? status}</p>;
}

function Person({ message }: { message: StoredMessage }) {
  const supporter = message.metadata?.['supporter'] as { name?: string } | undefined;
  if (message.role !== 'supporter')
    return (
      <p class="muted small centered-line" dir="auto">
        {message.content}
      </p>
    );
  return (
    <div class="said own" data-testid="said-supporter">
      <p class="who muted small">{supporter?.name ?? 'Team'}</p>
      <div class="bubble" dir="auto">
        {message.content_html ? (
          <SanitisedHtml html={message.content_html} {...NOTHING_CITED} />
        ) : (
          <Markdown text={message.content} {...NOTHING_CITED} />
        )}
      </div>
    </div>
  );
}
