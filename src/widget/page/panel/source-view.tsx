import { useEffect, useMemo, useState } from 'preact/hooks';
import { absoluteHref, markQuote, parseMarkdown } from '../../../answers/index.js';
import type { Citation, Passage } from '../../../sdk/index.js';
import { useFocusOnMount, useWords } from './context.js';
import { explainThrown } from './errors.js';
import { BackIcon, LinkIcon } from './icons.js';
import { Blocks } from './prose.js';
import type { Room } from './room.js';

interface SourceViewProps {
  room: Room;
  messageId: string;
  citation: Citation;
  onClose(): void;
}

/** The passage behind a numbered source, with the quoted words marked in it. */
export function SourceView({ room, messageId, citation, onClose }: SourceViewProps) {
  const words = useWords();
  const [passage, setPassage] = useState<Passage | null>(null);
  const [error, setError] = useState<string | null>(null);
  const back = useFocusOnMount<HTMLButtonElement>();
  useEffect(() => {
    room
      .passage(messageId, citation.n)
      .then(setPassage)
      .catch((thrown: unknown) => setError(explainThrown(thrown, words)));
  }, []);
  const source = { ...citation, ...passage };
  const { content, quote } = source;
  const blocks = useMemo(() => {
    if (!content) return null;
    return (quote ? markQuote(content, quote) : null) ?? parseMarkdown(content);
  }, [content, quote]);
  const href = source.url ? absoluteHref(source.url) : null;
  const place = [source.section, source.page ? words.page(source.page) : null].filter(Boolean).join(' · ');
  return (
    <section class="source" aria-label={words.source(citation.n, source.title ?? null)} data-testid="source">
      <header>
        <button
          ref={back}
          type="button"
          class="thumb"
          aria-label={words.back}
          onClick={onClose}
          data-testid="source-back"
        >
          <BackIcon />
        </button>
        <div>
          <h3 dir="auto">{source.title ?? words.document}</h3>
          {place && (
            <p class="muted" dir="auto">
              {place}
            </p>
          )}
        </div>
      </header>
      <div class="passage" tabIndex={0} role="region" aria-label={source.title ?? words.document} data-testid="passage">
        {passage === null && error === null && <p class="hint">{words.loading}</p>}
        {error !== null && <p class="wrong">{error}</p>}
        {blocks !== null ? <Blocks blocks={blocks} /> : quote ? <blockquote dir="auto">{quote}</blockquote> : null}
        {href && (
          <a href={href} target="_blank" rel="noopener noreferrer">
            {words.openSource} <LinkIcon />
          </a>
        )}
      </div>
    </section>
  );
}
