import { useEffect, useMemo, useState } from 'preact/hooks';
import { messageOf } from '../hooks.js';
import { markQuote, parseMarkdown, safeHref } from '../../answers/index.js';
import type { Citation, Conversations, Passage } from '../../sdk/index.js';
import { AlertIcon, FileIcon, LinkIcon } from './icons.js';
import { Blocks } from './rich-text.js';
import { Sheet } from './sheet.js';

export interface OpenCitation {
  conversationId: string;
  messageId: string;
  citation: Citation;
}

interface CitationSheetProps {
  conversations: Conversations;
  open: OpenCitation;
  /** The file behind a passage, for those who may read it. */
  fileOf(baseId: string, documentId: string): Promise<File>;
  onClose(): void;
}

/** The passage behind a numbered source, with the quoted words marked in it. */
export function CitationSheet({ conversations, open, fileOf, onClose }: CitationSheetProps) {
  const { conversationId, messageId, citation } = open;
  const [passage, setPassage] = useState<Passage | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    conversations
      .citation(conversationId, messageId, citation.n)
      .then(setPassage)
      .catch((thrown: unknown) => setError(messageOf(thrown)));
  }, []);

  const download = (baseId: string, documentId: string): void =>
    void fileOf(baseId, documentId)
      .then(save)
      .catch((thrown: unknown) => setError(messageOf(thrown)));

  const { document_id: documentId } = citation;
  const baseId = passage?.knowledge_base_id;
  const source = { ...citation, ...passage };
  const href = source.url ? safeHref(source.url) : null;
  const place = [source.section, source.page ? `page ${source.page}` : null].filter(Boolean).join(' · ');
  return (
    <Sheet title={source.title ?? 'Source'} place="side" onClose={onClose} testId="citation-panel">
      <p class="citation-place muted">
        <span class="cite">{citation.n}</span>
        {place || 'Source'}
      </p>
      {passage === null && error === null && <p class="muted">Loading the passage…</p>}
      {error !== null && (
        <p class="alert">
          <AlertIcon /> {error}
        </p>
      )}
      <PassageText content={passage?.content ?? null} quote={source.quote ?? null} />
      {baseId && documentId && (
        <p>
          <button
            type="button"
            class="button small"
            onClick={() => download(baseId, documentId)}
            data-testid="citation-document"
          >
            <FileIcon /> Download the document
          </button>
        </p>
      )}
      {href && (
        <p>
          <a href={href} target="_blank" rel="noopener noreferrer" class="card-link">
            Open the source <LinkIcon />
          </a>
        </p>
      )}
    </Sheet>
  );
}

function save(file: File): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = file.name;
  link.click();
  URL.revokeObjectURL(link.href);
}

function PassageText({ content, quote }: { content: string | null; quote: string | null }) {
  // The conversation below may stream on, and draws this with it.
  const blocks = useMemo(
    () => (content ? ((quote ? markQuote(content, quote) : null) ?? parseMarkdown(content)) : null),
    [content, quote],
  );
  if (blocks === null) return quote ? <blockquote class="passage">{quote}</blockquote> : null;
  return (
    <div class="passage" data-testid="passage" tabIndex={0} role="region" aria-label="Passage">
      <Blocks blocks={blocks} />
    </div>
  );
}
