import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { messageOf } from '../hooks.js';
import { cleaned, DEFAULT_ACCENT, draftOf, faultsOf, linesOf, type Widget, type WidgetDraft } from '../widget-draft.js';
import { AlertIcon, CheckIcon } from './icons.js';
import { WidgetInstall } from './widget-install.js';
import { WidgetPreview } from './widget-preview.js';

interface WidgetEditorProps {
  widget: Widget;
  /** Right after it was made or its secret was replaced. */
  secret: string | null;
  onSave(draft: WidgetDraft): Promise<void>;
  onRotate(): Promise<void>;
  onDelete(): void;
}

/** What a widget looks like, says, and where it stands; beside it the panel itself. */
export function WidgetEditor({ widget, secret, onSave, onRotate, onDelete }: WidgetEditorProps) {
  const [draft, setDraft] = useState(() => draftOf(widget));
  const [state, setState] = useState<'idle' | 'saving' | 'saved'>('idle');
  const [error, setError] = useState<string | null>(null);
  const change = (fields: Partial<WidgetDraft>) => {
    setDraft({ ...draft, ...fields });
    setState('idle');
  };
  const faults = faultsOf(draft);
  const isChanged = JSON.stringify(cleaned(draft)) !== JSON.stringify(draftOf(widget));
  const save = async () => {
    setState('saving');
    setError(null);
    try {
      await onSave(cleaned(draft));
      setState('saved');
    } catch (thrown) {
      setError(messageOf(thrown));
      setState('idle');
    }
  };
  const text = (name: keyof WidgetDraft['texts'], label: string, placeholder: string, longest: number) => (
    <Field label={label}>
      <input
        type="text"
        value={draft.texts[name] ?? ''}
        maxLength={longest}
        placeholder={placeholder}
        dir="auto"
        onInput={({ currentTarget: { value } }) => change({ texts: { ...draft.texts, [name]: value } })}
        data-testid={`widget-${name}`}
      />
    </Field>
  );

  return (
    <div class="widget-columns">
      <form
        class="widget-form"
        onSubmit={(event) => {
          event.preventDefault();
          if (Object.keys(faults).length === 0) void save();
        }}
        data-testid="widget-form"
      >
        <WidgetInstall widget={widget} secret={secret} onRotate={onRotate} />
        <fieldset class="card">
          <legend>Looks</legend>
          <Field label="Accent colour" fault={faults.accent}>
            <span class="colour">
              <input
                type="color"
                aria-label="Pick a colour"
                value={faults.accent ? DEFAULT_ACCENT : (draft.appearance.accent ?? DEFAULT_ACCENT)}
                onInput={({ currentTarget: { value } }) =>
                  change({ appearance: { ...draft.appearance, accent: value } })
                }
              />
              <input
                type="text"
                aria-label="Accent colour"
                value={draft.appearance.accent ?? DEFAULT_ACCENT}
                maxLength={7}
                spellcheck={false}
                onInput={({ currentTarget: { value } }) =>
                  change({ appearance: { ...draft.appearance, accent: value } })
                }
                data-testid="widget-accent"
              />
            </span>
          </Field>
          <Choice
            label="Theme"
            name="theme"
            value={draft.appearance.theme ?? 'auto'}
            options={{ auto: 'As the visitor’s device', light: 'Light', dark: 'Dark' }}
            onChange={(theme) => change({ appearance: { ...draft.appearance, theme } })}
          />
          <Choice
            label="Corner"
            name="position"
            value={draft.appearance.position ?? 'right'}
            options={{ right: 'Right', left: 'Left' }}
            onChange={(position) => change({ appearance: { ...draft.appearance, position } })}
          />
        </fieldset>
        <fieldset class="card">
          <legend>Words</legend>
          <p class="muted small">What you leave empty is said in the visitor’s language.</p>
          {text('title', 'Title', 'Chat with us', 80)}
          {text('greeting', 'Greeting', 'Hello! How can we help?', 500)}
          {text('placeholder', 'In the message field', 'Write a message…', 120)}
          {text('offline', 'When nobody is there', 'Leave your address and we will write to you.', 500)}
          <Field label="Questions to begin with" hint="One to a line, at most 8" fault={faults.questions}>
            <Lines value={draft.questions} onChange={(questions) => change({ questions })} testId="widget-questions" />
          </Field>
        </fieldset>
        <fieldset class="card">
          <legend>Where it stands</legend>
          <Field label="Name" hint="For your own list" fault={faults.name}>
            <input
              type="text"
              value={draft.name}
              maxLength={200}
              onInput={({ currentTarget: { value } }) => change({ name: value })}
              data-testid="widget-name"
            />
          </Field>
          <Field
            label="Your site’s addresses"
            hint="One to a line, such as https://shop.example.com. No other page is served."
          >
            <Lines value={draft.origins} onChange={(origins) => change({ origins })} testId="widget-origins" />
          </Field>
          <Choice
            label="For whom"
            name="identity"
            value={draft.identity}
            options={{ optional: 'Everybody', required: 'People who are signed in on your site' }}
            onChange={(identity) => change({ identity })}
          />
          <label class="switch">
            <input
              type="checkbox"
              checked={draft.enabled}
              onChange={({ currentTarget: { checked } }) => change({ enabled: checked })}
              data-testid="widget-enabled"
            />
            Switched on
          </label>
        </fieldset>
        {error !== null && (
          <p class="alert" role="alert" data-testid="widget-error">
            <AlertIcon /> {error}
          </p>
        )}
        <div class="widget-actions">
          <button
            type="submit"
            class="button primary"
            disabled={!isChanged || state === 'saving' || Object.keys(faults).length > 0}
            data-testid="widget-save"
          >
            {state === 'saving' ? 'Saving…' : 'Save'}
          </button>
          <span class="muted" role="status">
            {state === 'saved' && !isChanged && (
              <>
                <CheckIcon /> Saved
              </>
            )}
          </span>
          <button type="button" class="button" onClick={onDelete} data-testid="widget-delete">
            Delete
          </button>
        </div>
      </form>
      <WidgetPreview draft={faults.accent ? { ...draft, appearance: {} } : draft} publicKey={widget.public_key} />
    </div>
  );
}

interface FieldProps {
  label: string;
  hint?: string;
  fault?: string | undefined;
  children: ComponentChildren;
}

function Field({ label, hint, fault, children }: FieldProps) {
  return (
    <label class="widget-field">
      {label}
      {hint && <span class="muted small">{hint}</span>}
      {children}
      {fault && (
        <span class="fault" role="alert">
          {fault}
        </span>
      )}
    </label>
  );
}

/** Keeps what is typed, empty lines included, and says what stands in it. */
function Lines({ value, onChange, testId }: { value: string[]; onChange(lines: string[]): void; testId: string }) {
  const [text, setText] = useState(value.join('\n'));
  return (
    <textarea
      rows={3}
      value={text}
      dir="auto"
      onInput={({ currentTarget }) => {
        setText(currentTarget.value);
        onChange(linesOf(currentTarget.value));
      }}
      data-testid={testId}
    />
  );
}

interface ChoiceProps<Value extends string> {
  label: string;
  name: string;
  value: Value;
  options: Record<Value, string>;
  onChange(value: Value): void;
}

function Choice<Value extends string>({ label, name, value, options, onChange }: ChoiceProps<Value>) {
  return (
    <div class="choice" role="radiogroup" aria-label={label}>
      <span class="choice-label" aria-hidden="true">
        {label}
      </span>
      <span class="choice-options">
        {(Object.entries(options) as [Value, string][]).map(([option, title]) => (
          <label key={option}>
            <input type="radio" name={name} checked={option === value} onChange={() => onChange(option)} />
            {title}
          </label>
        ))}
      </span>
    </div>
  );
}
