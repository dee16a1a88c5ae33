import { useRef, useState } from 'preact/hooks';
import type { WidgetConfig } from '../contract.js';
import { useWords } from './context.js';
import { focusedBeside } from './focus.js';
import { BackIcon, ChatIcon, ClockIcon, CloseIcon, MoreIcon, PersonIcon, PlusIcon, SoundIcon } from './icons.js';
import type { Room, RoomState } from './room.js';

interface HeaderProps {
  room: Room;
  state: RoomState;
  config: WidgetConfig;
  title: string;
  onClose(): void;
}

export function Header({ room, state, config, title, onClose }: HeaderProps) {
  const words = useWords();
  const { people } = state.conversation;
  const isHistory = state.view === 'history';
  const supporter = people.owner === 'human' ? (people.supporter ?? words.aColleague) : null;
  const subtitle = supporter === null ? (config.online ? words.online : words.assistant) : words.withPerson;
  return (
    <header class="header">
      {isHistory ? (
        <button type="button" class="bar-button" aria-label={words.back} onClick={() => room.show('chat')}>
          <BackIcon />
        </button>
      ) : (
        <span class={supporter === null ? 'avatar' : 'avatar person'} aria-hidden="true">
          {supporter === null ? <ChatIcon /> : initials(supporter)}
        </span>
      )}
      <div class="header-text">
        <h2 data-testid="title">{isHistory ? words.history : (supporter ?? title)}</h2>
        {!isHistory && (
          <p>
            {(config.online || supporter !== null) && <span class="online" aria-hidden="true" />}
            {subtitle}
          </p>
        )}
      </div>
      <Menu room={room} state={state} />
      <button type="button" class="bar-button" aria-label={words.close} onClick={onClose} data-testid="close">
        <CloseIcon />
      </button>
    </header>
  );
}

function Menu({ room, state }: Pick<HeaderProps, 'room' | 'state'>) {
  const words = useWords();
  const [isOpen, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const { people } = state.conversation;
  const isAsked = people.owner === 'human' || people.escalation !== null;
  const choose = (action: () => void) => () => {
    setOpen(false);
    button.current?.focus();
    action();
  };
  const items = [
    ...(isAsked || people.ended || state.refusal !== null
      ? []
      : [{ key: 'person', icon: <PersonIcon />, label: words.talkToPerson, act: () => room.talkToPerson() }]),
    { key: 'new', icon: <PlusIcon />, label: words.newConversation, act: () => room.newConversation() },
    { key: 'history', icon: <ClockIcon />, label: words.history, act: () => room.show('history') },
    {
      key: 'sound',
      icon: <SoundIcon on={!state.hasSound} />,
      label: state.hasSound ? words.soundOff : words.soundOn,
      act: () => room.setSound(!state.hasSound),
    },
  ];
  const onKeyDown = (event: KeyboardEvent) => {
    if (!isOpen) return;
    const entries = [...(list.current?.querySelectorAll<HTMLElement>('button') ?? [])];
    const at = entries.indexOf(focusedBeside(list.current) as HTMLElement);
    const step = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      entries.at((at + step) % entries.length)?.focus();
    }
    if (event.key === 'Escape') {
      event.preventDefault();
      setOpen(false);
      button.current?.focus();
    }
  };
  return (
    <div
      class="menu"
      onKeyDown={onKeyDown}
      onFocusOut={(event) => {
        const next = event.relatedTarget as Node | null;
        if (next === null || !event.currentTarget.contains(next)) setOpen(false);
      }}
    >
      <button
        ref={button}
        type="button"
        class="bar-button"
        aria-label={words.menu}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        onClick={() => {
          setOpen(!isOpen);
          if (!isOpen) setTimeout(() => list.current?.querySelector('button')?.focus());
        }}
        data-testid="menu"
      >
        <MoreIcon />
      </button>
      {isOpen && (
        <div ref={list} class="menu-list" role="menu" aria-label={words.menu}>
          {items.map(({ key, icon, label, act }) => (
            <button
              key={key}
              type="button"
              role="menuitem"
              tabIndex={-1}
              onClick={choose(act)}
              data-testid={`menu-${key}`}
            >
              {icon} {label}
            </button>
          ))}
        </div>
      )}
    </div>
  );
}

/** "Dara Lynch" → "DL". */
function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...(word ?? '')][0] ?? '').join('');
}
