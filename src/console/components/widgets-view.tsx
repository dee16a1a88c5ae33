import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Api } from '../api.js';
import { messageOf } from '../hooks.js';
import { newDraft, type Widget } from '../widget-draft.js';
import { AlertIcon, PlusIcon } from './icons.js';
import { Confirm } from './sheet.js';
import { WidgetEditor } from './widget-editor.js';

/** The chats on a tenant's websites: which there are, and how each looks, speaks and is let in. */
export function WidgetsView({ api }: { api: Api }) {
  const [widgets, setWidgets] = useState<Widget[] | null>(null);
  const [selectedId, setSelectedId] = useState<string | null>(null);
  /** Shown until another one is chosen. */
  const [secret, setSecret] = useState<{ id: string; text: string } | null>(null);
  const [isDeleting, setDeleting] = useState(false);
  const [error, setError] = useState<string | null>(null);

  const attempt = async (work: () => Promise<void>) => {
    setError(null);
    await work().catch((thrown: unknown) => setError(messageOf(thrown)));
  };
  const load = useCallback(
    () =>
      attempt(async () => {
        const { data } = await api.widgets();
        setWidgets(data);
        setSelectedId((id) => id ?? data[0]?.id ?? null);
      }),
    [api],
  );
  useEffect(() => void load(), [load]);

  const select = (id: string) => {
    setSelectedId(id);
    setSecret(null);
  };
  const put = (widget: Widget) =>
    setWidgets((shown) => {
      const others = (shown ?? []).filter(({ id }) => id !== widget.id);
      return others.length === shown?.length
        ? [widget, ...others]
        : (shown ?? []).map((one) => (one.id === widget.id ? widget : one));
    });
  const create = () =>
    attempt(async () => {
      const { secret: text, ...widget } = await api.createWidget(newDraft(freeName(widgets ?? [])));
      put(widget);
      setSelectedId(widget.id);
      setSecret({ id: widget.id, text });
    });
  const selected = widgets?.find(({ id }) => id === selectedId) ?? null;

  return (
    <div class="knowledge-inner" data-testid="widgets">
      <div class="widgets-head">
        <p class="muted">A chat for your website: one line in the page, and your agents answer your visitors.</p>
        <button type="button" class="button primary" onClick={() => void create()} data-testid="widget-new">
          <PlusIcon /> New widget
        </button>
      </div>
      {error !== null && (
        <p class="alert" role="alert">
          <AlertIcon /> {error}
        </p>
      )}
      {widgets === null && error === null && <p class="muted">Loading…</p>}
      {widgets !== null && widgets.length > 0 && (
        <fieldset class="bases">
          <legend class="visually-hidden">Widget</legend>
          {widgets.map((widget) => (
            <label key={widget.id} class="base card" data-testid="widget-item">
              <input type="radio" name="widget" checked={widget.id === selectedId} onChange={() => select(widget.id)} />
              <span>
                <strong>{widget.name}</strong>
                <span class="muted">{summaryOf(widget)}</span>
              </span>
            </label>
          ))}
        </fieldset>
      )}
      {selected !== null && (
        <WidgetEditor
          key={selected.id}
          widget={selected}
          secret={secret?.id === selected.id ? secret.text : null}
          onSave={async (draft) => put(await api.changeWidget(selected.id, draft))}
          onRotate={async () => {
            const { secret: text, ...widget } = await api.rotateWidgetSecret(selected.id);
            put(widget);
            setSecret({ id: widget.id, text });
          }}
          onDelete={() => setDeleting(true)}
        />
      )}
      {isDeleting && selected !== null && (
        <Confirm
          title="Delete this widget?"
          text={`“${selected.name}” disappears from your site at once. Conversations that began in it stay.`}
          action="Delete"
          onConfirm={() =>
            void attempt(async () => {
              await api.deleteWidget(selected.id);
              const left = (widgets ?? []).filter(({ id }) => id !== selected.id);
              setWidgets(left);
              setSelectedId(left[0]?.id ?? null);
            })
          }
          onClose={() => setDeleting(false)}
        />
      )}
    </div>
  );
}

function summaryOf({ enabled, origins }: Widget): string {
  if (!enabled) return 'Switched off';
  if (origins.length === 0) return 'On no site yet';
  const [first = ''] = origins;
  return origins.length === 1 ? hostOf(first) : `${hostOf(first)} and ${origins.length - 1} more`;
}

function hostOf(origin: string): string {
  return origin.replace(/^https?:\/\//, '');
}

/** Names are unique in a tenant. */
function freeName(widgets: readonly Widget[]): string {
  const taken = new Set(widgets.map(({ name }) => name));
  for (let n = 1; ; n++) {
    const name = n === 1 ? 'Website' : `Website ${n}`;
    if (!taken.has(name)) return name;
  }
}
