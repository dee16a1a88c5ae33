import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { Alerts } from '../alerts.js';
import type { Api } from '../api.js';
import { useChat, useDesk, useLatest, useMedia, useRoute } from '../hooks.js';
import type { Route } from '../routes.js';
import { Chat, type Session, type User } from '../../sdk/index.js';
import { Desk } from '../desk.js';
import { handlesPeople, managesKnowledge, runsTenant } from '../suggestions.js';
import { ChatView } from './chat-view.js';
import { ConnectionBadge } from './connection-badge.js';
import { MenuIcon } from './icons.js';
import { InboxView } from './inbox-view.js';
import { KnowledgeView } from './knowledge-view.js';
import { Sidebar } from './sidebar.js';
import { ReportView } from './report-view.js';
import { WidgetsView } from './widgets-view.js';

interface WorkspaceProps {
  session: Session;
  api: Api;
  user: User;
}

/** Everything behind the login: the sidebar, and the chat or the knowledge bases beside it. */
export function Workspace({ session, api, user }: WorkspaceProps) {
  const [route, navigate] = useRoute();
  const [activity, setActivity] = useState(0);
  const [titles, setTitles] = useState(new Map<string, string>());
  const [drawerOpen, setDrawerOpen] = useState(false);
  const isNarrow = useMedia('(max-width: 860px)');
  const menuButton = useRef<HTMLButtonElement>(null);
  const sidebar = useRef<HTMLElement>(null);
  const latest = useLatest({ route, navigate });

  const alerts = useMemo(() => new Alerts(), []);
  const [chat, desk] = useMemo(() => {
    const chat = new Chat({
      url: location.origin,
      token: session,
      tenant: user.tenant.slug,
      keep: { store: sessionStorage, owner: user.id },
      onConversationCreated: (conversationId) => {
        const { route: at, navigate: go } = latest.current;
        if (at.view === 'chat') go({ view: 'chat', conversationId }, { replace: true });
      },
      onActivity: () => setActivity((count) => count + 1),
      onFrame: (frame) => desk?.receive(frame),
    });
    const desk = handlesPeople(user)
      ? new Desk({
          session,
          tenant: user.tenant.slug,
          me: user.id,
          openConversation: () =>
            latest.current.route.view === 'inbox' ? chat.snapshot.conversation.conversationId : null,
          watch: (conversationIds) => chat.watch(conversationIds),
          onNews: ({ caseId, text, title }) =>
            alerts.tell(title, text, () => caseId !== null && latest.current.navigate({ view: 'inbox', caseId })),
        })
      : null;
    return [chat, desk] as const;
  }, [session, user]);
  const snapshot = useChat(chat);
  const deskState = useDesk(desk);
  const activeId = snapshot.conversation.conversationId;

  useEffect(() => {
    // A supporter's day begins with who waits.
    if (user.role === 'supporter' && location.hash === '') navigate({ view: 'inbox', caseId: null }, { replace: true });
    chat.start(route.view === 'chat' ? route.conversationId : null);
    void desk?.start();
    const online = () => chat.reconnectNow();
    addEventListener('online', online);
    return () => {
      removeEventListener('online', online);
      desk?.stop();
      chat.close();
    };
  }, [chat]);

  // Back and forward, and links: the hash says what is open.
  const wanted = route.view === 'chat' ? route.conversationId : undefined;
  useEffect(() => {
    const isOpen = chat.snapshot.conversation.conversationId === wanted;
    if (wanted !== undefined && !isOpen) chat.open(wanted);
  }, [chat, wanted]);

  const closeDrawer = () => setDrawerOpen(false);
  useEffect(() => {
    if (!drawerOpen) return undefined;
    sidebar.current?.querySelector<HTMLElement>('button')?.focus();
    const onKey = (event: KeyboardEvent) => {
      if (event.key === 'Escape' && !document.querySelector('dialog[open]')) closeDrawer();
    };
    addEventListener('keydown', onKey);
    return () => {
      removeEventListener('keydown', onKey);
      // By now the rest of the page is no longer inert.
      menuButton.current?.focus();
    };
  }, [drawerOpen]);

  const go = (next: Route) => {
    setDrawerOpen(false);
    const restarts = next.view === 'chat' && next.conversationId === null;
    if (restarts) chat.open(null);
    navigate(next);
  };

  const view = mayShow(route.view, user) ? route.view : 'chat';
  const chatTitle = activeId === null ? 'New conversation' : (titles.get(activeId) ?? 'Conversation');
  const title = view === 'chat' ? chatTitle : TITLES[view];
  useEffect(() => {
    document.title = `${title} · Switchboard`;
  }, [title]);

  const drawerShown = isNarrow && drawerOpen;
  return (
    <div class="workspace">
      <a class="skip-link" href="#main" onClick={skipToMain}>
        Skip to the conversation
      </a>
      {drawerShown && <div class="backdrop" onClick={closeDrawer} />}
      <aside
        ref={sidebar}
        id="sidebar"
        class={drawerShown ? 'sidebar open' : 'sidebar'}
        aria-label="Menu"
        inert={isNarrow && !drawerOpen}
        data-testid="sidebar"
      >
        <Sidebar
          conversations={chat.conversations}
          user={user}
          route={route}
          activeId={route.view === 'inbox' ? null : activeId}
          waiting={desk === null ? null : (deskState.waiting?.length ?? 0)}
          activity={activity}
          onNavigate={go}
          onDeleted={(id) => {
            if (id === activeId) go({ view: 'chat', conversationId: null });
          }}
          onTitles={setTitles}
          onSignOut={() => {
            // Signed out here whatever the server says; it was asked to revoke the session.
            void api
              .logout()
              .catch(() => undefined)
              .finally(() => {
                history.replaceState(null, '', '#/');
                session.end();
              });
          }}
          onClose={isNarrow ? closeDrawer : null}
        />
      </aside>
      <div class="stage" inert={drawerShown}>
        <header class="topbar">
          {isNarrow && (
            <button
              ref={menuButton}
              type="button"
              class="icon-button"
              aria-label="Open menu"
              aria-expanded={drawerOpen}
              aria-controls="sidebar"
              onClick={() => setDrawerOpen(true)}
              data-testid="drawer-open"
            >
              <MenuIcon />
            </button>
          )}
          <h1 data-testid="title">{title}</h1>
          <ConnectionBadge status={snapshot.connection} onRetry={() => chat.reconnectNow()} />
        </header>
        <main
          id="main"
          tabIndex={-1}
          class={view === 'chat' ? 'main' : view === 'inbox' ? 'main with-inbox' : 'main knowledge'}
        >
          {view === 'inbox' && desk !== null && (
            <InboxView
              desk={desk}
              alerts={alerts}
              state={deskState}
              chat={chat}
              snapshot={snapshot}
              user={user}
              caseId={route.view === 'inbox' ? route.caseId : null}
              onOpen={(caseId) => navigate({ view: 'inbox', caseId }, { replace: caseId === null })}
            />
          )}
          {view === 'knowledge' && <KnowledgeView api={api} />}
          {view === 'widgets' && <WidgetsView api={api} />}
          {view === 'report' && <ReportView api={api} />}
          {view === 'chat' && (
            <ChatView
              chat={chat}
              snapshot={snapshot}
              user={user}
              api={api}
              onNew={() => go({ view: 'chat', conversationId: null })}
            />
          )}
        </main>
      </div>
    </div>
  );
}

const TITLES = { inbox: 'Inbox', knowledge: 'Knowledge', report: 'Report', widgets: 'Website chat' } as const;

/** What others' pages are is not shown by their address either. */
function mayShow(view: Route['view'], user: User): boolean {
  switch (view) {
    case 'chat':
      return true;
    case 'inbox':
      return handlesPeople(user);
    case 'knowledge':
      return managesKnowledge(user);
    case 'report':
    case 'widgets':
      return runsTenant(user);
  }
}

/** The hash is the route here, so the link moves the focus itself. */
function skipToMain(event: MouseEvent): void {
  event.preventDefault();
  document.getElementById('main')?.focus();
}
