import { useEffect, useMemo, useState } from 'preact/hooks';
import type { Chat, ChatSnapshot, User } from '../../sdk/index.js';
import type { Desk } from '../desk.js';
import { caseById, casesOf, type DeskState, found, neighbour, type Tab } from '../desk-state.js';
import type { Alerts } from '../alerts.js';
import { useLatest } from '../hooks.js';
import { WISHES } from '../shortcuts.js';
import { AlertsSwitch } from './alerts-switch.js';
import { AvailabilitySwitch } from './availability-switch.js';
import { CaseList } from './case-list.js';
import { CaseView, type CaseWish } from './case-view.js';
import { ShortcutsSheet } from './shortcuts-sheet.js';

interface InboxViewProps {
  desk: Desk;
  alerts: Alerts;
  state: DeskState;
  chat: Chat;
  snapshot: ChatSnapshot;
  user: User;
  /** The escalation that is open. */
  caseId: string | null;
  onOpen(caseId: string | null): void;
}

/** The supporters' page: who waits, one conversation, and what is known of it. */
export function InboxView({ desk, alerts, state, chat, snapshot, user, caseId, onOpen }: InboxViewProps) {
  const [tab, setTab] = useState<Tab>('waiting');
  const [search, setSearch] = useState('');
  const [help, setHelp] = useState(false);
  const [wish, setWish] = useState<{ what: CaseWish; nonce: number } | null>(null);
  const cases = casesOf(state, tab);
  const allCases = useMemo(() => [...state.mine, ...state.recent], [state.mine, state.recent]);
  const shown = useMemo(() => found(cases, search), [cases, search]);
  const one = caseId === null ? null : caseById(state, caseId);
  const conversationId = one?.conversation_id ?? null;

  useEffect(() => {
    if (conversationId === null) return;
    if (chat.snapshot.conversation.conversationId !== conversationId) chat.open(conversationId);
    desk.opened(conversationId);
  }, [chat, desk, conversationId]);
  // A case that one took stands in the other list.
  const isMine = one?.status === 'assigned' && one.supporter?.id === user.id;
  useEffect(() => {
    if (isMine && tab === 'waiting') setTab('mine');
  }, [isMine]);

  const latest = useLatest({ shown, caseId, onOpen });
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.metaKey || event.ctrlKey || event.altKey || document.querySelector('dialog[open]')) return;
      const field = event.target instanceof HTMLElement ? event.target.closest('input, textarea, select') : null;
      if (field !== null) {
        if (event.key === 'Escape' && !event.defaultPrevented) (field as HTMLElement).blur();
        return;
      }
      // A button is pressed by Enter.
      if (event.key === 'Enter' && event.target instanceof HTMLElement && event.target.closest('button, a, summary'))
        return;
      const { shown: list, caseId: openId, onOpen: open } = latest.current;
      if (event.key === 'j' || event.key === 'k') {
        const next = neighbour(list, openId, event.key === 'j' ? 1 : -1);
        if (next) open(next.id);
      } else if (event.key === '/') {
        document.querySelector<HTMLInputElement>('.case-search')?.focus();
      } else if (event.key === '?') {
        setHelp(true);
      } else if (event.key === 'Escape') {
        open(null);
      } else {
        const what = WISHES[event.key];
        if (what === undefined) return;
        setWish((before) => ({ what, nonce: (before?.nonce ?? 0) + 1 }));
      }
      event.preventDefault();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, []);

  return (
    <div class={one === null ? 'inbox' : 'inbox with-case'} data-testid="inbox">
      <div class="inbox-side">
        <div class="inbox-top">
          <AvailabilitySwitch desk={desk} availability={state.availability} />
          <div class="inbox-tools">
            <AlertsSwitch alerts={alerts} />
            <button
              type="button"
              class="icon-button small"
              aria-label="Keys"
              title="Keys (?)"
              onClick={() => setHelp(true)}
              data-testid="keys"
            >
              ?
            </button>
          </div>
        </div>
        <CaseList
          desk={state}
          cases={cases}
          tab={tab}
          search={search}
          openId={caseId}
          me={user.id}
          onTab={setTab}
          onSearch={setSearch}
          onOpen={onOpen}
        />
      </div>
      {one === null ? (
        <p class="inbox-nothing muted">
          {caseId !== null && state.waiting === null
            ? 'Loading…'
            : 'Choose a conversation. Its user sees your name once you accept it.'}
        </p>
      ) : (
        <CaseView
          key={one.id}
          desk={desk}
          chat={chat}
          snapshot={snapshot}
          one={one}
          me={user.id}
          typing={state.typing.has(one.conversation_id)}
          wish={wish}
          cases={allCases}
          onBack={() => onOpen(null)}
        />
      )}
      {help && <ShortcutsSheet onClose={() => setHelp(false)} />}
    </div>
  );
}
