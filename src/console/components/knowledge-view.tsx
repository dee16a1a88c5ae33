import { counted } from '../formatting.js';
import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Api } from '../api.js';
import { messageOf } from '../hooks.js';
import type { KnowledgeBase } from '../protocol.js';
import { DocumentPanel } from './document-panel.js';
import { AlertIcon } from './icons.js';
import { SearchPanel } from './search-panel.js';

/** A tenant's knowledge bases: what they hold, what is being added, and what a search finds in them. */
export function KnowledgeView({ api }: { api: Api }) {
  const [bases, setBases] = useState<KnowledgeBase[] | null>(null);
  const [selectedId, setSelectedId] = useState<string | null>(null);
  const [error, setError] = useState<string | null>(null);

  const load = useCallback(async () => {
    try {
      const { data } = await api.knowledgeBases();
      setError(null);
      setBases(data);
      setSelectedId((id) => id ?? data[0]?.id ?? null);
    } catch (thrown) {
      setError(messageOf(thrown));
    }
  }, [api]);
  useEffect(() => void load(), [load]);

  const create = async (name: string) => {
    try {
      const base = await api.createKnowledgeBase(name);
      setSelectedId(base.id);
      await load();
    } catch (thrown) {
      setError(messageOf(thrown));
    }
  };

  const selected = bases?.find(({ id }) => id === selectedId) ?? null;
  return (
    <div class="knowledge-inner" data-testid="knowledge">
      {error !== null && (
        <p class="alert" role="alert">
          <AlertIcon /> {error}
        </p>
      )}
      {bases === null && error === null && <p class="muted">Loading…</p>}
      {bases && bases.length > 0 && (
        <fieldset class="bases">
          <legend class="visually-hidden">Knowledge base</legend>
          {bases.map((base) => (
            <label key={base.id} class="base card">
              <input
                type="radio"
                name="knowledge-base"
                checked={base.id === selectedId}
                onChange={() => setSelectedId(base.id)}
              />
              <span>
                <strong>{base.name}</strong>
                <span class="muted">
                  {counted(base.document_count ?? 0, 'document')} · {counted(base.chunk_count ?? 0, 'passage')}
                </span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {bases?.length === 0 && <CreateBase onCreate={create} />}
      {selected && (
        <div class="knowledge-columns" key={selected.id}>
          <DocumentPanel api={api} base={selected} onChanged={() => void load()} />
          <SearchPanel api={api} base={selected} />
        </div>
      )}
    </div>
  );
}

function CreateBase({ onCreate }: { onCreate(name: string): Promise<void> }) {
  const [name, setName] = useState('');
  return (
    <form
      class="card create-base"
      onSubmit={(event) => {
        event.preventDefault();
        void onCreate(name.trim());
      }}
    >
      <p>There is no knowledge base yet. Agents answer from the documents that you put into one.</p>
      <label>
        Name
        <input required value={name} onInput={(event) => setName(event.currentTarget.value)} />
      </label>
      <button type="submit" class="button primary" disabled={name.trim() === ''}>
        Create
      </button>
    </form>
  );
}
