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
  const shown = useRef<(() => void) | null>(null);
  useEffect(() => {
    let isOld = false;
    const draw = async () => {
      if (frame.current === null) return;
      try {
        const remove = await showPreview(frame.current, draft, publicKey);
        // The one before stays until there is another.
        shown.current?.();
        shown.current = remove;
        if (!isOld) setError(null);
      } catch (thrown) {
        if (!isOld) setError(messageOf(thrown));
      }
    };
    const timer = setTimeout(() => void draw(), shown.current === null ? 0 : AFTER_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [seen, publicKey]);
  useEffect(() => () => shown.current?.(), []);
  return (
    <section class="widget-preview" aria-label="Preview">
      {error !== null && <p class="alert">{error}</p>}
      <div ref={frame} class="widget-preview-frame" data-testid="widget-preview" />
      <p class="muted small">A live preview: write something, and the agents answer.</p>
    </section>
  );
}
