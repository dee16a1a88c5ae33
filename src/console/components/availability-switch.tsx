import { useRef, useState } from 'preact/hooks';
import type { Desk } from '../desk.js';
import type { Availability } from '../desk-state.js';
import { messageOf } from '../hooks.js';

const NAMES: Readonly<Record<Availability['status'], string>> = { online: 'Online', away: 'Away', offline: 'Offline' };

/** Whether conversations are given to one, and how many at once. */
export function AvailabilitySwitch({ desk, availability }: { desk: Desk; availability: Availability | null }) {
  const [error, setError] = useState<string | null>(null);
  // The last status that was chosen, which the server may not have answered yet: the next change must not undo it.
  const chosen = useRef<Availability['status'] | null>(null);
  if (availability === null) return null;
  const change = async (next: Partial<Availability>) => {
    try {
      chosen.current = next.status ?? chosen.current;
      await desk.setAvailability({ status: chosen.current ?? availability.status, ...next });
      setError(null);
    } catch (thrown) {
      chosen.current = null;
      setError(messageOf(thrown));
    }
  };
  return (
    <div class="availability">
      <label class="availability-status">
        <span class={`presence ${availability.status}`} aria-hidden="true" />
        <span class="visually-hidden">Your status</span>
        <select
          value={availability.status}
          onChange={(event) => void change({ status: event.currentTarget.value as Availability['status'] })}
          data-testid="availability"
        >
          {Object.entries(NAMES).map(([status, name]) => (
            <option key={status} value={status}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label class="muted small">
        Chats at once{' '}
        <input
          type="number"
          min={1}
          max={50}
          // Not written over while somebody types.
          key={availability.capacity}
          defaultValue={availability.capacity}
          onChange={(event) => {
            const capacity = event.currentTarget.valueAsNumber;
            if (Number.isInteger(capacity) && capacity >= 1 && capacity <= 50) void change({ capacity });
          }}
          data-testid="capacity"
        />
      </label>
      {error !== null && (
        <p class="alert small" role="alert">
          {error}
        </p>
      )}
    </div>
  );
}
