import { useEffect, useRef, useState } from 'preact/hooks';
import { activeTurn, type Citation } from '../../../sdk/index.js';
import type { PanelPlace } from '../contract.js';
import { Announcer } from './announcer.js';
import { Composer, type Draft } from './composer.js';
import { PanelContext, useRoom } from './context.js';
import { Header } from './header.js';
import { History } from './history.js';
import { focusedBeside, focusIn, keepFocusIn } from './focus.js';
import { Log } from './log.js';
import { Notices } from './notices.js';
import { PeopleBar } from './people-bar.js';
import type { Room } from './room.js';
import { SourceView } from './source-view.js';
import { useFullScreen } from './viewport.js';

interface AppProps {
  room: Room;
  place: PanelPlace;
}

interface OpenSource {
  messageId: string;
  citation: Citation;
}

/** The dialog: a header, the conversation or the list of earlier ones, and the field to write in. */
export function App({ room, place }: AppProps) {
  const { config, language, page, words } = place;
  const state = useRoom(room, place);
  const [source, setSource] = useState<OpenSource | null>(null);
  const [draft, setDraft] = useState<Draft>({ text: '', nonce: 0 });
  const dialog = useRef<HTMLDivElement>(null);
  const opener = useRef<HTMLElement | null>(null);
  const isFullScreen = useFullScreen(page, dialog, state.isOpen && !place.isPreview);
  const { conversation, isOpen, view } = state;
  const title = config.texts.title || words.title;

  useEffect(() => {
    if (isOpen && !place.isPreview) focusIn(dialog.current, page);
  }, [isOpen, view]);

  const closeSource = () => {
    setSource(null);
    opener.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // Shortcuts of the page are not meant while somebody writes here.
    event.stopPropagation();
    if (event.key === 'Tab') return keepFocusIn(dialog.current, event);
    if (event.key !== 'Escape' || event.defaultPrevented) return;
    event.preventDefault();
    if (source !== null) closeSource();
    else if (view === 'history') room.show('chat');
    else place.close();
  };

  return (
    <PanelContext.Provider value={{ words, language, page }}>
      <div
        ref={dialog}
        class={isOpen ? 'panel' : 'panel closed'}
        role="dialog"
        aria-label={title}
        aria-modal={isFullScreen ? 'true' : undefined}
        inert={!isOpen}
        onKeyDown={onKeyDown}
        onKeyUp={stop}
        onKeyPress={stop}
        data-testid="panel"
      >
        <Header room={room} state={state} config={config} title={title} onClose={() => place.close()} />
        <div class="views">
          {view === 'history' ? (
            <History room={room} />
          ) : (
            <div class="chat" inert={source !== null}>
              <Log
                room={room}
                state={state}
                config={config}
                onEdit={(text) => setDraft({ text, nonce: draft.nonce + 1 })}
                onCite={(messageId, citation) => {
                  opener.current = focusedBeside(dialog.current);
                  setSource({ messageId, citation });
                }}
              />
              <Notices room={room} state={state} />
              <PeopleBar room={room} state={state} offlineText={config.texts.offline} />
              <Composer
                room={room}
                state={state}
                draft={draft}
                placeholder={config.texts.placeholder || words.placeholder}
                isRunning={activeTurn(conversation)?.status === 'running'}
              />
            </div>
          )}
          {source !== null && <SourceView room={room} {...source} onClose={closeSource} />}
        </div>
        <Announcer conversation={conversation} isOpen={isOpen} />
      </div>
    </PanelContext.Provider>
  );
}

function stop(event: Event): void {
  event.stopPropagation();
}
