import { useEffect, useState } from 'preact/hooks';
import type { Conversation } from '../../../sdk/index.js';
import { useFocusOnMount, useSurroundings } from './context.js';
import { explainThrown } from './errors.js';
import { PlusIcon } from './icons.js';
import type { Room } from './room.js';

/** What was talked about before. */
export function History({ room }: { room: Room }) {
  const { language, words } = useSurroundings();
  const [listed, setListed] = useState<Conversation[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);
  const heading = useFocusOnMount<HTMLButtonElement>();
  const load = async (from: string | null) => {
    setError(null);
    try {
      const page = await room.history(from);
      setListed((shown) => [...(from === null ? [] : (shown ?? [])), ...page.data]);
      setCursor(page.next_cursor ?? null);
    } catch (thrown) {
      setError(explainThrown(thrown, words));
    }
  };
  useEffect(() => void load(null), []);
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' });
  return (
    <div class="history" data-testid="history">
      <button ref={heading} type="button" class="main-button" onClick={() => room.newConversation()}>
        <PlusIcon /> {words.newConversation}
      </button>
      {error !== null && (
        <p class="bar wrong" role="alert">
          {error}
          <button type="button" class="quiet-button" onClick={() => void load(cursor)}>
            {words.tryAgain}
          </button>
        </p>
      )}
      {listed === null && error === null && <p class="hint">{words.loading}</p>}
      {listed?.length === 0 && <p class="hint">{words.historyEmpty}</p>}
      <ul>
        {(listed ?? []).map((conversation) => {
          const at = conversation.last_interaction_at ?? conversation.updated_at;
          return (
            <li key={conversation.id}>
              <button type="button" onClick={() => room.openConversation(conversation.id)} data-testid="past">
                <span dir="auto">{conversation.title || words.conversation}</span>
                {at && <span class="muted">{format.format(new Date(at))}</span>}
              </button>
            </li>
          );
        })}
      </ul>
      {cursor !== null && (
        <button type="button" class="quiet-button" onClick={() => void load(cursor)}>
          {words.earlier}
        </button>
      )}
    </div>
  );
}
