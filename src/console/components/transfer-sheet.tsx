import { useState } from 'preact/hooks';
import type { Case } from '../desk-state.js';
import { Sheet } from './sheet.js';

interface TransferSheetProps {
  /** Colleagues are known by the conversations that they have or had. */
  cases: readonly Case[];
  /** Who has it, or would only hand it to themselves. */
  except: readonly (string | undefined)[];
  onTransfer(to: { supporter_id: string } | { skill: string }): void;
  onClose(): void;
}

/** To a colleague, or back into the queue for those with a skill. */
export function TransferSheet({ cases, except, onTransfer, onClose }: TransferSheetProps) {
  const [skill, setSkill] = useState('');
  const colleagues = colleaguesIn(cases).filter(({ id }) => !except.includes(id));
  const skills = [...new Set(cases.flatMap((one) => one.skill ?? []))].sort();
  return (
    <Sheet title="Transfer" place="center" onClose={onClose} testId="transfer-sheet">
      {(close) => (
        <>
          {colleagues.length > 0 && (
            <ul class="colleagues" aria-label="Colleagues">
              {colleagues.map(({ id, name }) => (
                <li key={id}>
                  <button
                    type="button"
                    class="button wide"
                    onClick={() => {
                      close();
                      onTransfer({ supporter_id: id });
                    }}
                    data-testid="colleague"
                  >
                    {name}
                  </button>
                </li>
              ))}
            </ul>
          )}
          <form
            class="sheet-form"
            onSubmit={(event) => {
              event.preventDefault();
              close();
              onTransfer({ skill: skill.trim() });
            }}
          >
            <label for="transfer-skill">Back into the queue, for those who know about</label>
            <input
              id="transfer-skill"
              list="transfer-skills"
              maxLength={63}
              value={skill}
              placeholder="returns"
              onInput={(event) => setSkill(event.currentTarget.value)}
              data-testid="transfer-skill"
            />
            <datalist id="transfer-skills">
              {skills.map((each) => (
                <option key={each} value={each} />
              ))}
            </datalist>
            <div class="sheet-actions">
              <button type="button" class="button" onClick={close}>
                Cancel
              </button>
              <button type="submit" class="button primary" disabled={skill.trim() === ''} data-testid="transfer-yes">
                Transfer
              </button>
            </div>
          </form>
        </>
      )}
    </Sheet>
  );
}

type Person = NonNullable<Case['supporter']>;

function colleaguesIn(cases: readonly Case[]): Person[] {
  const found = new Map<string, Person>();
  for (const { supporter } of cases) if (supporter !== null) found.set(supporter.id, supporter);
  return [...found.values()].sort((a, b) => a.name.localeCompare(b.name));
}
