import { formatAgo } from '../formatting.js';
import { useNow } from '../hooks.js';
import { type Case, causeOf, type DeskState, found, nameOf, statusOf, type Tab } from '../desk-state.js';

interface CaseListProps {
  desk: DeskState;
  cases: readonly Case[];
  tab: Tab;
  search: string;
  openId: string | null;
  me: string;
  onTab(tab: Tab): void;
  onSearch(search: string): void;
  onOpen(id: string): void;
}

const TABS: readonly { readonly tab: Tab; readonly label: string }[] = [
  { tab: 'waiting', label: 'Waiting' },
  { tab: 'mine', label: 'Mine' },
  { tab: 'all', label: 'All' },
];

const NOTHING: Readonly<Record<Tab, string>> = {
  waiting: 'Nobody waits.',
  mine: 'You have no conversation at the moment.',
  all: 'Nobody has asked for a person yet.',
};

/** Who waits, whom one has, and everybody lately. */
export function CaseList({ desk, cases, tab, search, openId, me, onTab, onSearch, onOpen }: CaseListProps) {
  const now = useNow(true, 15_000);
  const count = (of: Tab) => (of === 'waiting' ? (desk.waiting?.length ?? 0) : of === 'mine' ? desk.mine.length : 0);
  return (
    <div class="case-list">
      <div class="tabs" role="tablist" aria-label="Conversations with people">
        {TABS.map((one) => (
          <button
            key={one.tab}
            type="button"
            role="tab"
            class="tab"
            aria-selected={one.tab === tab}
            onClick={() => onTab(one.tab)}
            data-testid={`tab-${one.tab}`}
          >
            {one.label}
            {count(one.tab) > 0 && <span class="count">{count(one.tab)}</span>}
          </button>
        ))}
      </div>
      <input
        type="search"
        class="field case-search"
        placeholder="Search"
        aria-label="Search conversations"
        value={search}
        onInput={(event) => onSearch(event.currentTarget.value)}
        data-testid="case-search"
      />
      {desk.error !== null && (
        <p class="alert small" role="alert">
          {desk.error}
        </p>
      )}
      {desk.waiting === null && desk.error === null && <p class="muted small">Loading…</p>}
      {desk.waiting !== null && cases.length === 0 && (
        <p class="muted small empty-list">{search.trim() === '' ? NOTHING[tab] : 'Nothing found.'}</p>
      )}
      <ul class="cases" data-testid="cases">
        {found(cases, search).map((one) => (
          <li key={one.id}>
            <CaseRow one={one} me={me} desk={desk} now={now} isOpen={one.id === openId} onOpen={() => onOpen(one.id)} />
          </li>
        ))}
      </ul>
    </div>
  );
}

interface CaseRowProps {
  one: Case;
  me: string;
  desk: DeskState;
  now: number;
  isOpen: boolean;
  onOpen(): void;
}

function CaseRow({ one, me, desk, now, isOpen, onOpen }: CaseRowProps) {
  const unread = desk.unread.get(one.conversation_id) ?? 0;
  const said = one.reason || (one.summary.asked.at(-1) ?? '');
  return (
    <button
      type="button"
      class={isOpen ? 'case open' : 'case'}
      aria-current={isOpen ? 'true' : undefined}
      onClick={onOpen}
      data-testid="case"
      data-status={one.status}
    >
      <span class="case-line">
        <strong dir="auto">{nameOf(one)}</strong>
        <span class="muted">{formatAgo(one.status === 'waiting' ? one.waiting_since : one.updated_at, now)}</span>
      </span>
      <span class="case-said muted" dir="auto">
        {desk.typing.has(one.conversation_id) ? 'is writing…' : said}
      </span>
      <span class="case-line">
        <span class={`state ${one.status}`}>{one.status === 'waiting' ? causeOf(one) : statusOf(one, me)}</span>
        {one.skill && <span class="tag">{one.skill}</span>}
        {unread > 0 && (
          <span class="count" data-testid="unread">
            {unread}
            <span class="visually-hidden"> unread</span>
          </span>
        )}
      </span>
    </button>
  );
}
