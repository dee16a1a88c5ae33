import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Api } from '../api.js';
import { documentPercent, documentStatusLabel, documentWait, isDocumentSettled } from '../document-status.js';
import { counted, formatBytes } from '../formatting.js';
import { messageOf, useLatest } from '../hooks.js';
import type { KnowledgeBase, KnowledgeDocument } from '../protocol.js';
import { AlertIcon, FileIcon, TrashIcon, UploadIcon } from './icons.js';
import { Confirm } from './sheet.js';

const POLL_EVERY_MS = 1000;
const ACCEPTED = '.pdf,.docx,.md,.markdown,.html,.htm,.csv,.txt';

interface DocumentPanelProps {
  api: Api;
  base: KnowledgeBase;
  onChanged(): void;
}

export function DocumentPanel({ api, base, onChanged }: DocumentPanelProps) {
  const [documents, setDocuments] = useState<KnowledgeDocument[] | null>(null);
  const [cursor, setCursor] = useState<string | null>(null);
  const [errors, setErrors] = useState<string[]>([]);
  const [deleting, setDeleting] = useState<KnowledgeDocument | null>(null);
  const [news, setNews] = useState('');

  const load = useCallback(
    async (from: string | null) => {
      try {
        const page = await api.documents(base.id, from);
        setDocuments((shown) => upsert(from === null ? [] : (shown ?? []), page.data));
        setCursor(page.next_cursor ?? null);
      } catch (thrown) {
        setErrors([messageOf(thrown)]);
      }
    },
    [api, base.id],
  );
  useEffect(() => void load(null), [load]);

  usePolling(api, base.id, documents ?? [], (document) => {
    setDocuments((shown) => (shown ?? []).map((known) => (known.id === document.id ? document : known)));
    if (!isDocumentSettled(document)) return;
    setNews(`${document.title}: ${document.error?.message ?? documentStatusLabel(document)}`);
    onChanged();
  });

  const upload = async (files: File[]) => {
    setErrors([]);
    for (const file of files) {
      setNews(`Uploading ${file.name}`);
      try {
        const document = await api.uploadDocument(base.id, file);
        setDocuments((shown) => [document, ...(shown ?? []).filter(({ id }) => id !== document.id)]);
      } catch (thrown) {
        setErrors((known) => [...known, `${file.name}: ${messageOf(thrown)}`]);
      }
    }
  };

  const remove = async (document: KnowledgeDocument) => {
    try {
      await api.deleteDocument(base.id, document.id);
      setDocuments((shown) => (shown ?? []).filter(({ id }) => id !== document.id));
      setNews(`${document.title} was deleted.`);
      onChanged();
    } catch (thrown) {
      setErrors([messageOf(thrown)]);
    }
  };

  return (
    <section class="documents" aria-labelledby="documents-title">
      <h2 id="documents-title">Documents</h2>
      <UploadZone onFiles={(files) => void upload(files)} />
      {errors.map((error) => (
        <p key={error} class="alert" role="alert" data-testid="upload-error">
          <AlertIcon /> {error}
        </p>
      ))}
      <p class="visually-hidden" role="status">
        {news}
      </p>
      {documents?.length === 0 && <p class="muted">Nothing here yet. Upload a document to make it searchable.</p>}
      <ul class="document-list" data-testid="documents">
        {(documents ?? []).map((document) => (
          <DocumentRow key={document.id} document={document} onDelete={() => setDeleting(document)} />
        ))}
      </ul>
      {cursor !== null && (
        <button type="button" class="button small" onClick={() => void load(cursor)}>
          Load more
        </button>
      )}
      {deleting && (
        <Confirm
          title="Delete this document?"
          text={`Agents will no longer find anything from “${deleting.title}”.`}
          action="Delete"
          onConfirm={() => void remove(deleting)}
          onClose={() => setDeleting(null)}
        />
      )}
    </section>
  );
}

function DocumentRow({ document, onDelete }: { document: KnowledgeDocument; onDelete(): void }) {
  const wait = documentWait(document);
  const details = [
    typeof document.size === 'number' ? formatBytes(document.size) : null,
    document.status === 'ready' ? counted(document.chunk_count ?? 0, 'passage') : null,
  ];
  return (
    <li class="document card" data-testid="document" data-status={document.status}>
      <FileIcon />
      <div class="document-text">
        <strong>{document.title}</strong>
        <span class="muted">
          <span class={`state ${document.status}`} data-testid="document-status">
            {documentStatusLabel(document)}
          </span>
          {details.filter(Boolean).map((detail) => ` · ${detail}`)}
        </span>
        {!isDocumentSettled(document) && (
          <progress max={100} value={documentPercent(document)} aria-label={`Progress of ${document.title}`} />
        )}
        {wait !== null && (
          <span class="muted" data-testid="document-wait">
            {wait}
          </span>
        )}
        {document.status === 'failed' && (
          <span class="document-error" data-testid="document-error">
            {document.error?.message ?? 'The file could not be read.'}
          </span>
        )}
      </div>
      <button
        type="button"
        class="icon-button small"
        aria-label={`Delete ${document.title}`}
        onClick={onDelete}
        data-testid="document-delete"
      >
        <TrashIcon />
      </button>
    </li>
  );
}

function UploadZone({ onFiles }: { onFiles(files: File[]): void }) {
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  return (
    <div
      class={over ? 'upload over' : 'upload'}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onFiles([...(event.dataTransfer?.files ?? [])]);
      }}
    >
      <UploadIcon />
      <p>
        <label class="button" for="upload">
          Choose files
        </label>
        <input
          ref={input}
          id="upload"
          class="visually-hidden"
          type="file"
          multiple
          accept={ACCEPTED}
          onChange={(event) => {
            onFiles([...(event.currentTarget.files ?? [])]);
            // The same file may be chosen again after it was mended.
            event.currentTarget.value = '';
          }}
          data-testid="upload-input"
        />{' '}
        <span class="wide-only">or drop them here</span>
      </p>
      <p class="muted small">PDF, Word, Markdown, HTML, CSV or plain text</p>
    </div>
  );
}

/** Asks after each document that is still under way, one round at a time, until all are settled. */
function usePolling(
  api: Api,
  baseId: string,
  documents: KnowledgeDocument[],
  onUpdate: (document: KnowledgeDocument) => void,
): void {
  const pending = documents.filter((document) => !isDocumentSettled(document)).map(({ id }) => id);
  const update = useLatest(onUpdate);
  const key = pending.join();
  useEffect(() => {
    if (key === '') return undefined;
    let stopped = false;
    let timer: ReturnType<typeof setTimeout>;
    const round = async () => {
      for (const id of key.split(',')) {
        const document = await api.document(baseId, id).catch(() => null);
        if (stopped) return;
        if (document) update.current(document);
      }
      timer = setTimeout(() => void round(), POLL_EVERY_MS);
    };
    timer = setTimeout(() => void round(), POLL_EVERY_MS);
    return () => {
      stopped = true;
      clearTimeout(timer);
    };
  }, [api, baseId, key]);
}

function upsert(shown: KnowledgeDocument[], page: KnowledgeDocument[]): KnowledgeDocument[] {
  const fresh = new Set(page.map(({ id }) => id));
  return [...shown.filter(({ id }) => !fresh.has(id)), ...page];
}
