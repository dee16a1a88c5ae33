import { useEffect, useState } from 'preact/hooks';
import type { Desk, Note } from '../desk.js';
import { type Case, causeOf, statusOf } from '../desk-state.js';
import { formatAgo } from '../formatting.js';
import { RestError } from '../../sdk/index.js';
import { messageOf, useNow } from '../hooks.js';

/** What somebody who takes over should know before the first word, and what colleagues wrote for each other. */
export function CasePacket({ desk, one, me }: { desk: Desk; one: Case; me: string }) {
  const { asked, entities, sources, tried } = one.summary;
  const values = Object.entries(entities);
  return (
    <aside class="packet" aria-label="About this conversation" data-testid="packet">
      <section>
        <h3>Why a person</h3>
        <p>{causeOf(one)}</p>
        {one.reason !== '' && (
          <p class="muted" dir="auto">
            {one.reason}
          </p>
        )}
        <p class="muted small">{statusOf(one, me)}</p>
        {one.email && (
          <p>
            <a href={`mailto:${one.email}`}>{one.email}</a>
          </p>
        )}
      </section>
      {asked.length > 0 && (
        <section>
          <h3>What was asked</h3>
          <ul dir="auto">
            {asked.map((question, index) => (
              <li key={index}>{question}</li>
            ))}
          </ul>
        </section>
      )}
      {tried.length > 0 && (
        <section>
          <h3>What was tried</h3>
          <ul>
            {tried.map(({ agent }, index) => (
              <li key={index}>{agent.replaceAll(/[_-]+/g, ' ')}</li>
            ))}
          </ul>
        </section>
      )}
      {values.length > 0 && (
        <section>
          <h3>What is known</h3>
          <dl>
            {values.map(([name, value]) => (
              <div key={name}>
                <dt class="muted">{name.replaceAll('_', ' ')}</dt>
                <dd dir="auto">{typeof value === 'string' ? value : JSON.stringify(value)}</dd>
              </div>
            ))}
          </dl>
        </section>
      )}
      {sources.length > 0 && (
        <section>
          <h3>Sources</h3>
          <ul dir="auto">
            {sources.map(({ document_id: id, title }) => (
              <li key={id}>{title}</li>
            ))}
          </ul>
        </section>
      )}
      <Notes key={one.id} desk={desk} caseId={one.id} />
    </aside>
  );
}

function Notes({ desk, caseId }: { desk: Desk; caseId: string }) {
  const [notes, setNotes] = useState<readonly Note[]>([]);
  /** A server of an earlier version has no notes. */
  const [served, setServed] = useState(true);
  const [text, setText] = useState('');
  const [error, setError] = useState<string | null>(null);
  const now = useNow(true, 60_000);
  useEffect(() => {
    desk
      .notes(caseId)
      .then(setNotes)
      .catch((thrown: unknown) => {
        if (thrown instanceof RestError && thrown.status === 404) setServed(false);
        else setError(messageOf(thrown));
      });
  }, [desk, caseId]);
  const add = async () => {
    if (text.trim() === '') return;
    try {
      const note = await desk.addNote(caseId, text.trim());
      setNotes((known) => [...known, note]);
      setText('');
      setError(null);
    } catch (thrown) {
      setError(messageOf(thrown));
    }
  };
  if (!served) return null;
  return (
    <section>
      <h3>Notes</h3>
      <p class="muted small">Only the team sees them.</p>
      <ul class="notes" data-testid="notes">
        {notes.map(({ author_id: author, content, created_at: at, id }) => (
          <li key={id} dir="auto">
            {content}
            <span class="muted small">
              {desk.nameOf(author)} · {formatAgo(at, now)}
            </span>
          </li>
        ))}
      </ul>
      {error !== null && (
        <p class="alert small" role="alert">
          {error}
        </p>
      )}
      <form
        class="note-form"
        onSubmit={(event) => {
          event.preventDefault();
          void add();
        }}
      >
        <label class="visually-hidden" for="note">
          Note
        </label>
        <textarea
          id="note"
          class="field"
          rows={2}
          dir="auto"
          value={text}
          placeholder="Write a note"
          onInput={(event) => setText(event.currentTarget.value)}
          data-testid="note-input"
        />
        <button type="submit" class="button small" disabled={text.trim() === ''} data-testid="note-add">
          Add note
        </button>
      </form>
    </section>
  );
}
