import { SHORTCUTS } from '../shortcuts.js';
import { Sheet } from './sheet.js';

/** What each key of the inbox does. */
export function ShortcutsSheet({ onClose }: { onClose(): void }) {
  return (
    <Sheet title="Keys" place="center" onClose={onClose} testId="shortcuts">
      <dl class="shortcuts">
        {SHORTCUTS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Sheet>
  );
}
