import { counted } from '../formatting.js';
import { useState } from 'preact/hooks';
import type { Api } from '../api.js';
import { messageOf } from '../hooks.js';
import type { KnowledgeBase, SearchAnswer } from '../protocol.js';
import { AlertIcon, SearchIcon } from './icons.js';

/** What an agent would be given for a question: the way to see whether a document is found. */
export function SearchPanel({ api, base }: { api: Api; base: KnowledgeBase }) {
  const [query, setQuery] = useState('');
  const [answer, setAnswer] = useState<SearchAnswer | null>(null);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<string | null>(null);

  const search = async (event: SubmitEvent) => {
    event.preventDefault();
    if (query.trim() === '') return;
    setBusy(true);
    setError(null);
    try {
      setAnswer(await api.search(base.id, query.trim()));
    } catch (thrown) {
      setError(messageOf(thrown));
    } finally {
      setBusy(false);
    }
  };

  return (
    <section class="search" aria-labelledby="search-title">
      <h2 id="search-title">Try a search</h2>
      <form role="search" class="search-form" onSubmit={(event) => void search(event)}>
        <label class="visually-hidden" for="search-query">
          Search {base.name}
        </label>
        <input
          id="search-query"
          type="search"
          value={query}
          placeholder="What would somebody ask?"
          onInput={(event) => setQuery(event.currentTarget.value)}
          data-testid="search-input"
        />
        <button type="submit" class="button primary" disabled={busy} aria-label="Search" data-testid="search-submit">
          <SearchIcon />
        </button>
      </form>
      {error !== null && (
        <p class="alert" role="alert">
          <AlertIcon /> {error}
        </p>
      )}
      <p class="muted small" role="status">
        {answer && `${counted(answer.data.length, 'passage')} found`}
      </p>
      <ol class="hits" data-testid="search-results">
        {(answer?.data ?? []).map((hit) => (
          <li key={hit.chunk_id} class="card hit" data-testid="search-hit">
            <p class="hit-head">
              <strong>{hit.title ?? 'Document'}</strong>
              {typeof hit.score === 'number' && <span class="tag">{hit.score.toFixed(2)}</span>}
            </p>
            {(hit.section || hit.page) && (
              <p class="muted small">
                {[hit.section, hit.page ? `page ${hit.page}` : null].filter(Boolean).join(' · ')}
              </p>
            )}
            <p class="hit-text">{hit.content}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}
