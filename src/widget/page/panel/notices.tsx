import { useWords } from './context.js';
import { explain } from './errors.js';
import { AlertIcon, CloseIcon } from './icons.js';
import type { Room, RoomState } from './room.js';

/** What is wrong with the whole, rather than with one message. */
export function Notices({ room, state }: { room: Room; state: RoomState }) {
  const words = useWords();
  const { connection, refusal } = state;
  const { notice } = state.conversation;
  if (refusal !== null) {
    return (
      <p class="bar" role="status" data-testid="refusal">
        {refusal}
      </p>
    );
  }
  return (
    <>
      {connection?.state === 'waiting' && connection.attempt > 0 && (
        <p class="bar" role="status" data-testid="offline">
          <span class="spinner" aria-hidden="true" />
          {words.offline}
          <button type="button" class="quiet-button" onClick={() => room.reconnect()}>
            {words.retryNow}
          </button>
        </p>
      )}
      {notice !== null && (
        <div class="bar wrong" role="alert" data-testid="notice">
          <AlertIcon />
          <span>{explain(notice.code, words)}</span>
          {notice.code === 'NOT_FOUND' && (
            <button type="button" class="quiet-button" onClick={() => room.newConversation()}>
              {words.newConversation}
            </button>
          )}
          <button type="button" class="thumb" aria-label={words.close} onClick={() => room.dismiss()}>
            <CloseIcon />
          </button>
        </div>
      )}
    </>
  );
}
