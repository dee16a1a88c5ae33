import { useEffect, useRef, useState } from 'preact/hooks';
import { messageOf } from '../hooks.js';
import type { WidgetDraft } from '../widget-draft.js';
import { showPreview } from '../widget-preview.js';

/** Not with every letter that is typed. */
const AFTER_MS = 350;

/** The panel as visitors will see it; whoever writes in it is answered. */
export function WidgetPreview({ draft, publicKey }: { draft: WidgetDraft; publicKey: string }) {
  const frame = useRef<HTMLDivElement>(null);
  const [error, setError] = useState<string | null>(null);
  const { appearance, questions, texts } = draft;
  const seen = JSON.stringify({ appearance, questions, texts });
  const isFirst = useRef(true);
  useEffect(() => {
    let isGone = false;
    let remove = () => undefined as void;
    const pause = isFirst.current ? 0 : AFTER_MS;
    isFirst.current = false;
    const timer = setTimeout(() => {
      if (frame.current === null) return;
      showPreview(frame.current, draft, publicKey).then(
        (end) => {
          remove = end;
          if (isGone) end();
          setError(null);
        },
        (thrown: unknown) => setError(messageOf(thrown)),
      );
    }, pause);
    return () => {
      isGone = true;
      clearTimeout(timer);
      remove();
    };
  }, [seen, publicKey]);
  return (
    <section class="widget-preview" aria-label="Preview">
      {error !== null && <p class="alert">{error}</p>}
      <div ref={frame} class="widget-preview-frame" data-testid="widget-preview" />
      <p class="muted small">A live preview: write something, and the agents answer.</p>
    </section>
  );
}
