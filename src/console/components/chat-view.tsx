import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { announcementsBetween } from '../announcements.js';
import type { Api } from '../api.js';
import { messageOf, useLatest } from '../hooks.js';
import {
  activeTurn,
  type Chat,
  type ChatSnapshot,
  type Citation,
  type Item,
  type TurnView,
  type User,
} from '../../sdk/index.js';
import { suggestionsFor } from '../suggestions.js';
import { CitationSheet, type OpenCitation } from './citation-sheet.js';
import { Composer } from './composer.js';
import { AlertIcon, CloseIcon, DownIcon, Logo } from './icons.js';
import { Markdown } from './rich-text.js';
import { TurnItem } from './turn-item.js';

interface ChatViewProps {
  chat: Chat;
  snapshot: ChatSnapshot;
  user: User;
  api: Api;
  onNew(): void;
}

export function ChatView({ chat, snapshot, user, api, onNew }: ChatViewProps) {
  const { conversation, connection } = snapshot;
  const [citation, setCitation] = useState<OpenCitation | null>(null);
  const [draft, setDraft] = useState({ text: '', nonce: 0 });
  const active = activeTurn(conversation);
  const connected = connection.state === 'ready';
  const conversationId = conversation.conversationId;
  // Until the first message's ack there is no conversation that a second one could go to.
  const awaitsFirstAck = conversationId === null && active !== null;

  const openCitation = (messageId: string, cited: Citation) => {
    if (conversationId !== null) setCitation({ conversationId, messageId, citation: cited });
  };
  const last = conversation.items.at(-1);
  // One that others have followed is a question of its own by now.
  const askAgain = (turn: TurnView) => {
    if (turn.question && !(turn === last && chat.regenerate(turn.key))) chat.send(turn.question.content);
  };
  const isEmpty = conversation.items.length === 0;
  const isGone = isEmpty && conversation.notice?.code === 'NOT_FOUND';

  return (
    <>
      <MessageLog
        items={conversation.items}
        scrollKey={conversationId ?? 'new'}
        hasEarlier={conversation.hasEarlier}
        loadEarlier={() => chat.loadEarlier()}
      >
        {(item) =>
          item.kind === 'turn' ? (
            <Memo
              key={item.key}
              values={[item, connected, conversationId, item === last]}
              render={() => (
                <TurnItem
                  turn={item}
                  connected={connected}
                  onCite={openCitation}
                  onRetry={(key) => chat.retry(key)}
                  onEdit={(text) => setDraft({ text, nonce: draft.nonce + 1 })}
                  isLast={item === last}
                  onAgain={askAgain}
                />
              )}
            />
          ) : (
            <div key={item.key} class={`note ${item.message.role}`} data-testid="note">
              <Markdown text={item.message.content} citations={[]} onCite={() => undefined} />
            </div>
          )
        }
      </MessageLog>
      {isEmpty && conversation.restoring && <p class="centered muted">Opening the conversation…</p>}
      {isEmpty && !conversation.restoring && conversation.notice === null && (
        <EmptyState user={user} onPick={(question) => chat.send(question)} />
      )}
      {conversation.notice && (
        <div class="alert notice" role="alert" data-testid="notice">
          <AlertIcon />
          <span>{conversation.notice.message}</span>
          {isGone && (
            <button type="button" class="button small" onClick={onNew}>
              New conversation
            </button>
          )}
          <button type="button" class="icon-button small" aria-label="Dismiss" onClick={() => chat.dismissNotice()}>
            <CloseIcon />
          </button>
        </div>
      )}
      <Composer
        focusKey={conversationId ?? 'new'}
        draft={draft}
        ready={!conversation.restoring && !awaitsFirstAck && !isGone}
        running={active?.status === 'running'}
        stoppable={connected && active?.stopping !== true}
        onSend={(content) => chat.send(content)}
        onStop={() => chat.stop()}
      />
      <Announcer conversation={conversation} />
      {citation && (
        <CitationSheet
          conversations={chat.conversations}
          open={citation}
          fileOf={(baseId, documentId) => api.documentFile(baseId, documentId)}
          onClose={() => setCitation(null)}
        />
      )}
    </>
  );
}

/** Renders again only when one of the values is another one: settled turns stay as they are while one streams. */
function Memo({ values, render }: { values: unknown[]; render: () => preact.VNode }) {
  return useMemo(render, values);
}

interface MessageLogProps {
  items: Item[];
  scrollKey: string;
  hasEarlier: boolean;
  loadEarlier(): Promise<void>;
  children(item: Item): preact.VNode;
}

/** Distance from the end, in pixels, within which new text keeps scrolling along. */
const NEAR_END = 80;

function MessageLog({ items, scrollKey, hasEarlier, loadEarlier, children }: MessageLogProps) {
  const log = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const [away, setAway] = useState(false);
  const [loading, setLoading] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const count = useRef(0);

  useLayoutEffect(() => {
    follows.current = true;
    setAway(false);
    setError(null);
  }, [scrollKey]);

  useLayoutEffect(() => {
    const element = log.current;
    if (!element) return;
    const last = items.at(-1);
    // One's own message is always worth seeing.
    if (items.length > count.current && last?.kind === 'turn' && last.status === 'sending') follows.current = true;
    count.current = items.length;
    if (follows.current) element.scrollTop = element.scrollHeight;
  }, [items, scrollKey]);

  const toEnd = () => {
    follows.current = true;
    log.current?.scrollTo({ top: log.current.scrollHeight });
  };
  const earlier = async () => {
    const element = log.current;
    if (!element) return;
    const fromEnd = element.scrollHeight - element.scrollTop;
    follows.current = false;
    setLoading(true);
    setError(null);
    try {
      await loadEarlier();
      // What was on the screen stays where it was.
      requestAnimationFrame(() => requestAnimationFrame(() => (element.scrollTop = element.scrollHeight - fromEnd)));
    } catch (thrown) {
      setError(messageOf(thrown));
    } finally {
      setLoading(false);
    }
  };

  return (
    <div
      ref={log}
      class="log"
      role="region"
      aria-label="Conversation"
      tabIndex={0}
      hidden={items.length === 0}
      onScroll={(event) => {
        const { scrollHeight, scrollTop, clientHeight } = event.currentTarget;
        const near = scrollHeight - scrollTop - clientHeight < NEAR_END;
        follows.current = near;
        setAway(!near);
      }}
      data-testid="log"
    >
      <div class="log-inner">
        {hasEarlier && (
          <button type="button" class="button small earlier" disabled={loading} onClick={() => void earlier()}>
            {loading ? 'Loading…' : 'Show earlier messages'}
          </button>
        )}
        {error !== null && <p class="alert">{error}</p>}
        {items.map((item) => children(item))}
      </div>
      {away && (
        <button type="button" class="round to-end" aria-label="Go to the latest message" onClick={toEnd}>
          <DownIcon />
        </button>
      )}
    </div>
  );
}

function EmptyState({ user, onPick }: { user: User; onPick(question: string): void }) {
  const suggestions = suggestionsFor(user);
  const firstName = user.name?.split(' ')[0];
  return (
    <div class="empty" data-testid="empty-state">
      <Logo />
      <h2>{firstName ? `Hello ${firstName}, what can we find out?` : 'What can we find out?'}</h2>
      <p class="muted">
        Your question goes to the agents that know about it. Answers from documents come with their sources.
      </p>
      {suggestions.length > 0 && (
        <ul class="suggestions" aria-label="Suggested questions">
          {suggestions.map((question) => (
            <li key={question}>
              <button type="button" class="card suggestion" onClick={() => onPick(question)} data-testid="suggestion">
                {question}
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}

/** Says steps and finished answers to screen readers; the visible list itself is not live. */
function Announcer({ conversation }: { conversation: ChatSnapshot['conversation'] }) {
  const [lines, setLines] = useState<{ id: number; text: string }[]>([]);
  const previous = useRef(conversation);
  const nextId = useRef(0);
  const latest = useLatest(lines);
  useEffect(() => {
    const news = announcementsBetween(previous.current, conversation);
    previous.current = conversation;
    if (news.length === 0) return;
    const added = news.map((text) => ({ id: (nextId.current += 1), text }));
    setLines([...latest.current, ...added].slice(-5));
  }, [conversation]);
  return (
    <div class="visually-hidden" role="log" aria-live="polite" aria-label="Progress and answers" data-testid="live-log">
      {lines.map((line) => (
        <p key={line.id}>{line.text}</p>
      ))}
    </div>
  );
}
