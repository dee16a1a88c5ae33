import { useState } from 'preact/hooks';
import type { Alerts } from '../alerts.js';
import { BellIcon } from './icons.js';

/** Asks for a sound, and for notifications while one is elsewhere: browsers allow either after a click only. */
export function AlertsSwitch({ alerts }: { alerts: Alerts }) {
  const [on, setOn] = useState(alerts.on);
  const [blocked, setBlocked] = useState(false);
  const toggle = async () => {
    setOn(!on);
    setBlocked(false);
    // The browser asks, and may wait long for the answer; the sound is there at once.
    if (on) alerts.turnOff();
    else setBlocked(!(await alerts.turnOn()));
  };
  return (
    <>
      <button
        type="button"
        class={on ? 'icon-button small alerting' : 'icon-button small'}
        aria-label="Sound and notifications"
        aria-pressed={on}
        title={on ? 'Sound and notifications are on' : 'Sound and notifications are off'}
        onClick={() => void toggle()}
        data-testid="alerts"
      >
        <BellIcon />
      </button>
      {on && blocked && (
        <p class="muted small alerts-blocked" role="status">
          The browser blocks notifications; you will hear a sound.
        </p>
      )}
    </>
  );
}
