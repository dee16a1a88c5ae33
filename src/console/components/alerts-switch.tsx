import { useState } from 'preact/hooks';
import type { Alerts } from '../alerts.js';
import { BellIcon } from './icons.js';

/** Asks for a sound, and for notifications while one is elsewhere: browsers allow either after a click only. */
export function AlertsSwitch({ alerts }: { alerts: Alerts }) {
  const [on, setOn] = useState(alerts.on);
  const [blocked, setBlocked] = useState(false);
  const toggle = async () => {
    if (on) alerts.turnOff();
    setBlocked(on ? false : !(await alerts.turnOn()));
    setOn(alerts.on);
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
