import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { formatAgo, initials } from '../formatting.js';
import { messageOf, useNow } from '../hooks.js';
import type { Conversation, Conversations, User } from '../../sdk/index.js';
import { hashOf, type Route } from '../routes.js';
import { managesKnowledge, runsTenant, roleName } from '../suggestions.js';
import {
  BookIcon,
  ChartIcon,
  ChatIcon,
  CloseIcon,
  CodeIcon,
  ExitIcon,
  InboxIcon,
  Logo,
  PlusIcon,
  TrashIcon,
  WidgetIcon,
} from './icons.js';
import { Confirm } from './sheet.js';

interface SidebarProps {
  conversations: Conversations;
  user: User;
  route: Route;
  activeId: string | null;
  /** How many wait for a person; null: not this user's concern. */
  waiting: number | null;
  /** Raised when a turn began or ended: the list may have changed. */
  activity: number;
  onNavigate(route: Route): void;
  onDeleted(conversationId: string): void;
  onTitles(titles: Map<string, string>): void;
  onSignOut(): void;
  onClose: (() => void) | null;
}

export function Sidebar(props: SidebarProps) {
  const { conversations, user, route, activeId, activity, waiting } = props;
  const { onNavigate, onDeleted, onTitles, onSignOut, onClose } = props;
  return (
    <>
      <header class="sidebar-header">
        <span class="brand">
          <Logo /> Switchboard
        </span>
        {onClose && (
          <button
            type="button"
            class="icon-button"
            aria-label="Close menu"
            onClick={onClose}
            data-testid="drawer-close"
          >
            <CloseIcon />
          </button>
        )}
      </header>
      <button
        type="button"
        class="button primary wide"
        onClick={() => onNavigate({ view: 'chat', conversationId: null })}
        data-testid="new-conversation"
      >
        <PlusIcon /> New conversation
      </button>
      {waiting !== null && (
        <a
          class={route.view === 'inbox' ? 'nav-link active' : 'nav-link'}
          href={hashOf({ view: 'inbox', caseId: null })}
          aria-current={route.view === 'inbox' ? 'page' : undefined}
          onClick={(event) => {
            if (event.metaKey || event.ctrlKey || event.shiftKey) return;
            event.preventDefault();
            onNavigate({ view: 'inbox', caseId: null });
          }}
          data-testid="nav-inbox"
        >
          <InboxIcon /> Inbox
          {waiting > 0 && (
            <span class="count">
              {waiting}
              <span class="visually-hidden"> waiting</span>
            </span>
          )}
        </a>
      )}
      <nav class="conversations" aria-label="Conversations">
        <ConversationList
          conversations={conversations}
          activeId={route.view === 'chat' ? activeId : null}
          activity={activity}
          onOpen={(conversationId) => onNavigate({ view: 'chat', conversationId })}
          onDeleted={onDeleted}
          onTitles={onTitles}
        />
      </nav>
      <nav class="sidebar-links" aria-label="More">
        {runsTenant(user) && route.view !== 'widgets' && (
          <button
            type="button"
            class="nav-link"
            onClick={() => onNavigate({ view: 'widgets' })}
            data-testid="nav-widgets"
          >
            <WidgetIcon /> Website chat
          </button>
        )}
        {runsTenant(user) && route.view !== 'report' && (
          <button
            type="button"
            class="nav-link"
            onClick={() => onNavigate({ view: 'report' })}
            data-testid="nav-report"
          >
            <ChartIcon /> Report
          </button>
        )}
        {managesKnowledge(user) && route.view !== 'knowledge' && (
          <button
            type="button"
            class="nav-link"
            onClick={() => onNavigate({ view: 'knowledge' })}
            data-testid="nav-knowledge"
          >
            <BookIcon /> Knowledge
          </button>
        )}
        {route.view !== 'chat' && (
          <button
            type="button"
            class="nav-link"
            onClick={() => onNavigate({ view: 'chat', conversationId: activeId })}
            data-testid="nav-chat"
          >
            <ChatIcon /> Back to the chat
          </button>
        )}
        <a class="nav-link" href="/docs">
          <CodeIcon /> API documentation
        </a>
      </nav>
      <footer class="account">
        <span class="avatar" aria-hidden="true">
          {initials(user.name ?? user.email ?? '?')}
        </span>
        <span class="account-text">
          <strong data-testid="user-name">{user.name ?? user.email}</strong>
          <span class="muted">
            {roleName(user.role, user.persona)} · {user.tenant.name ?? user.tenant.slug}
          </span>
        </span>
        <button type="button" class="icon-button" aria-label="Sign out" onClick={onSignOut} data-testid="sign-out">
          <ExitIcon />
        </button>
      </footer>
    </>
  );
}

interface ConversationListProps {
  conversations: Conversations;
  activeId: string | null;
  activity: number;
  onOpen(id: string): void;
  onDeleted(id: string): void;
  onTitles(titles: Map<string, string>): void;
}

/** A title of its own is written shortly after the first answer. */
const TITLE_DELAY_MS = 2500;

function ConversationList({
  conversations: stored,
  activeId,
  activity,
  onOpen,
  onDeleted,
  onTitles,
}: ConversationListProps) {
  const [conversations, setConversations] = useState<Conversation[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const [deleting, setDeleting] = useState<Conversation | null>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const now = useNow(true, 60_000);

  const refresh = useCallback(async () => {
    try {
      const page = await stored.list(null);
      setError(null);
      // Pages that were loaded below the first one stay.
      setConversations((shown) => {
        if (!shown || shown.length <= page.data.length) {
          setCursor(page.next_cursor ?? null);
          return page.data;
        }
        return withoutRepeats([...page.data, ...shown]);
      });
    } catch (thrown) {
      setError(messageOf(thrown));
    }
  }, [stored]);

  useEffect(() => {
    const soon = setTimeout(() => void refresh(), activity === 0 ? 0 : 250);
    const later = activity === 0 ? undefined : setTimeout(() => void refresh(), TITLE_DELAY_MS);
    return () => {
      clearTimeout(soon);
      clearTimeout(later);
    };
  }, [activity, refresh]);

  useEffect(() => {
    onTitles(new Map((conversations ?? []).map(({ id, title }) => [id, titleOf(title)])));
  }, [conversations]);

  const loadMore = async () => {
    try {
      const page = await stored.list(cursor);
      setConversations((shown) => withoutRepeats([...(shown ?? []), ...page.data]));
      setCursor(page.next_cursor ?? null);
    } catch (thrown) {
      setError(messageOf(thrown));
    }
  };

  const remove = async (conversation: Conversation) => {
    try {
      await stored.delete(conversation.id);
      setConversations((shown) => (shown ?? []).filter(({ id }) => id !== conversation.id));
      // The button that opened the question is gone, and with it the focus.
      heading.current?.focus();
      onDeleted(conversation.id);
    } catch (thrown) {
      setError(messageOf(thrown));
    }
  };

  return (
    <>
      <h2 ref={heading} tabIndex={-1}>
        Conversations
      </h2>
      {error !== null && (
        <p class="alert small">
          {error}{' '}
          <button type="button" class="link-button" onClick={() => void refresh()}>
            Try again
          </button>
        </p>
      )}
      {conversations?.length === 0 && <p class="muted small">Your conversations will be listed here.</p>}
      <ul class="conversation-list" data-testid="conversation-list">
        {(conversations ?? []).map((conversation) => {
          const title = titleOf(conversation.title);
          const at = conversation.last_interaction_at ?? conversation.updated_at;
          return (
            <li key={conversation.id} class={conversation.id === activeId ? 'active' : ''}>
              <a
                href={hashOf({ view: 'chat', conversationId: conversation.id })}
                aria-current={conversation.id === activeId ? 'page' : undefined}
                onClick={(event) => {
                  if (event.metaKey || event.ctrlKey || event.shiftKey) return;
                  event.preventDefault();
                  onOpen(conversation.id);
                }}
                data-testid="conversation-link"
              >
                <span class="conversation-title">{title}</span>
                {at && <span class="muted">{formatAgo(at, now)}</span>}
              </a>
              <button
                type="button"
                class="icon-button small delete"
                aria-label={`Delete “${title}”`}
                onClick={() => setDeleting(conversation)}
                data-testid="conversation-delete"
              >
                <TrashIcon />
              </button>
            </li>
          );
        })}
      </ul>
      {cursor !== null && (
        <button type="button" class="button small" onClick={() => void loadMore()} data-testid="load-more">
          Load more
        </button>
      )}
      {deleting && (
        <Confirm
          title="Delete this conversation?"
          text={`“${titleOf(deleting.title)}” and all its messages will be gone for good.`}
          action="Delete"
          onConfirm={() => void remove(deleting)}
          onClose={() => setDeleting(null)}
        />
      )}
    </>
  );
}

function titleOf(title: string | null | undefined): string {
  return title || 'Untitled conversation';
}

function withoutRepeats(conversations: Conversation[]): Conversation[] {
  const seen = new Set<string>();
  return conversations.filter(({ id }) => !seen.has(id) && seen.add(id));
}
