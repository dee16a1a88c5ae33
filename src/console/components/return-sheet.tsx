import { useState } from 'preact/hooks';
import { Sheet } from './sheet.js';

interface ReturnSheetProps {
  onReturn(summary: string): void;
  onClose(): void;
}

/** Gives the conversation back, with what the agent is to know. */
export function ReturnSheet({ onReturn, onClose }: ReturnSheetProps) {
  const [summary, setSummary] = useState('');
  return (
    <Sheet title="Return to the agent" place="center" onClose={onClose} testId="return-sheet">
      {(close) => (
        <form
          class="sheet-form"
          onSubmit={(event) => {
            event.preventDefault();
            onReturn(summary.trim());
            close();
          }}
        >
          <label>
            What should the agent know? <span class="muted">The user does not see it.</span>
            <textarea
              class="field"
              rows={4}
              maxLength={4000}
              dir="auto"
              value={summary}
              onInput={(event) => setSummary(event.currentTarget.value)}
              data-testid="return-summary"
            />
          </label>
          <div class="sheet-actions">
            <button type="button" class="button" onClick={close}>
              Cancel
            </button>
            <button type="submit" class="button primary" data-testid="return-confirm">
              Return
            </button>
          </div>
        </form>
      )}
    </Sheet>
  );
}
