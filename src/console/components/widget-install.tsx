import { useState } from 'preact/hooks';
import { messageOf } from '../hooks.js';
import { snippetOf, type Widget } from '../widget-draft.js';
import { AlertIcon, CheckIcon, CopyIcon } from './icons.js';
import { Confirm } from './sheet.js';

interface WidgetInstallProps {
  widget: Widget;
  secret: string | null;
  onRotate(): Promise<void>;
}

/** The line for the page, and the secret for the site's server. */
export function WidgetInstall({ widget, secret, onRotate }: WidgetInstallProps) {
  const [isAsking, setAsking] = useState(false);
  const [error, setError] = useState<string | null>(null);
  return (
    <fieldset class="card">
      <legend>Put it on your site</legend>
      <p class="muted small">Before the closing body tag of each page that shall have the chat:</p>
      <Copyable text={snippetOf(location.origin, widget.public_key)} label="Copy the snippet" testId="snippet" />
      {secret === null ? (
        <p class="widget-secret">
          <span>
            Secret for signing who is signed in: <code>••••{widget.secret_last4}</code>
          </span>
          <button type="button" class="button small" onClick={() => setAsking(true)} data-testid="rotate">
            Replace
          </button>
        </p>
      ) : (
        <div class="widget-new-secret">
          <p>
            <strong>The secret, shown this once.</strong> Keep it on your server: it signs who is signed in, and never
            belongs into a page.
          </p>
          <Copyable text={secret} label="Copy the secret" testId="secret" />
        </div>
      )}
      {error !== null && (
        <p class="alert" role="alert">
          <AlertIcon /> {error}
        </p>
      )}
      {isAsking && (
        <Confirm
          title="Replace the secret?"
          text="What the present one signs is refused at once. Your server needs the new one before people who are signed in can chat again."
          action="Replace"
          onConfirm={() => {
            setError(null);
            onRotate().catch((thrown: unknown) => setError(messageOf(thrown)));
          }}
          onClose={() => setAsking(false)}
        />
      )}
    </fieldset>
  );
}

function Copyable({ text, label, testId }: { text: string; label: string; testId: string }) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    await navigator.clipboard?.writeText(text).catch(() => undefined);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <div class="copyable">
      <code tabIndex={0} data-testid={testId}>
        {text}
      </code>
      <button type="button" class="icon-button" aria-label={label} onClick={() => void copy()}>
        {isCopied ? <CheckIcon /> : <CopyIcon />}
        <span class="visually-hidden" aria-live="polite">
          {isCopied ? 'Copied' : ''}
        </span>
      </button>
    </div>
  );
}
