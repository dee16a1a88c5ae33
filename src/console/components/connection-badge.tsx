import type { ConnectionStatus } from '../../sdk/index.js';
import { useNow } from '../hooks.js';

interface ConnectionBadgeProps {
  status: ConnectionStatus;
  onRetry(): void;
}

export function ConnectionBadge({ status, onRetry }: ConnectionBadgeProps) {
  const now = useNow(status.state === 'waiting', 500);
  return (
    <div class="connection" role="status" data-testid="connection" data-state={status.state}>
      {status.state === 'ready' && !status.draining && (
        <span class="dot-label">
          <span class="dot good" aria-hidden="true" />
          <span class="wide-only">Connected</span>
          <span class="visually-hidden narrow-only">Connected</span>
        </span>
      )}
      {status.state === 'ready' && status.draining && (
        <span class="dot-label">
          <span class="dot warn" aria-hidden="true" /> Server is restarting…
        </span>
      )}
      {status.state === 'connecting' && (
        <span class="dot-label">
          <span class="dot warn" aria-hidden="true" /> Connecting…
        </span>
      )}
      {status.state === 'waiting' && (
        <>
          <span class="dot-label">
            <span class="dot bad" aria-hidden="true" />
            <span>
              Disconnected
              {/* The countdown would be read out every second. */}
              <span aria-hidden="true">
                , trying again in {Math.max(0, Math.ceil((status.retryAt - now) / 1000))} s
              </span>
            </span>
          </span>
          <button type="button" class="button small" onClick={onRetry} data-testid="reconnect">
            Try now
          </button>
        </>
      )}
      {status.state === 'stopped' && (
        <>
          <span class="dot-label">
            <span class="dot bad" aria-hidden="true" /> {status.reason}
          </span>
          <button type="button" class="button small" onClick={onRetry} data-testid="reconnect">
            Reconnect
          </button>
        </>
      )}
    </div>
  );
}
