import { useEffect, useRef, useState } from 'preact/hooks';
import type { Chat, ChatSnapshot } from '../../sdk/index.js';
import type { Desk } from '../desk.js';
import { type Case, nameOf, statusOf } from '../desk-state.js';
import { messageOf } from '../hooks.js';
import { BackIcon, InfoIcon } from './icons.js';
import { CaseLog, type PendingReply } from './case-log.js';
import { CasePacket } from './case-packet.js';
import { ReplyBox } from './reply-box.js';
import { ReturnSheet } from './return-sheet.js';
import { TransferSheet } from './transfer-sheet.js';

export type CaseWish =
  'look' | 'accept' | 'reply' | 'note' | 'suggest' | 'resolve' | 'return' | 'transfer' | 'close' | 'reopen';

interface CaseViewProps {
  desk: Desk;
  chat: Chat;
  snapshot: ChatSnapshot;
  one: Case;
  me: string;
  typing: boolean;
  /** Whose supporters one may know, for handing it on. */
  cases: readonly Case[];
  /** What the keyboard asked for; `nonce` tells equal ones apart. */
  wish: { readonly what: CaseWish; readonly nonce: number } | null;
  onBack(): void;
}

/** One conversation: what was said, what can be done, and what is known of it. */
export function CaseView({ desk, chat, snapshot, one, me, typing, cases, wish, onBack }: CaseViewProps) {
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  const [returning, setReturning] = useState(false);
  const [transferring, setTransferring] = useState(false);
  const [suggestion, setSuggestion] = useState(0);
  const view = useRef<HTMLDivElement>(null);
  const known = useRef(wish?.nonce ?? 0);
  const [showsPacket, setShowsPacket] = useState(false);
  const [pending, setPending] = useState<readonly PendingReply[]>([]);
  const [focus, setFocus] = useState(0);
  const isMine = one.status === 'assigned' && one.supporter?.id === me;
  const canTransfer = isMine || one.status === 'waiting';
  const isOver = one.status === 'returned' || one.status === 'resolved' || one.status === 'closed';

  const act = async (work: () => Promise<unknown>) => {
    setBusy(true);
    setError(null);
    try {
      await work();
    } catch (thrown) {
      setError(messageOf(thrown));
    }
    setBusy(false);
  };
  const accept = () =>
    act(async () => {
      await desk.accept(one.id);
      setFocus((count) => count + 1);
    });

  const send = async (reply: PendingReply) => {
    const update = (change: Partial<PendingReply>) =>
      setPending((all) => all.map((other) => (other.key === reply.key ? { ...other, ...change } : other)));
    setPending((all) => [...all.filter(({ key }) => key !== reply.key), { ...reply, error: null }]);
    try {
      update({ messageId: (await desk.reply(one.id, reply.content, reply.key)).id });
    } catch (thrown) {
      update({ error: messageOf(thrown) });
    }
  };

  useEffect(() => {
    // What was asked of the conversation before this one is over.
    if (wish === null || busy || wish.nonce <= known.current) return;
    known.current = wish.nonce;
    if (wish.what === 'look') view.current?.querySelector<HTMLElement>('[role="log"]')?.focus();
    if (wish.what === 'note') {
      setShowsPacket(true);
      requestAnimationFrame(() => view.current?.querySelector<HTMLElement>('.note-form textarea')?.focus());
    }
    if (wish.what === 'suggest' && isMine) setSuggestion((count) => count + 1);
    if (wish.what === 'transfer' && canTransfer) setTransferring(true);
    if (wish.what === 'close' && isMine) void act(() => desk.close(one.id));
    if (wish.what === 'accept' && one.status === 'waiting') void accept();
    if (wish.what === 'reply' && isMine) setFocus((count) => count + 1);
    if (wish.what === 'resolve' && isMine) void act(() => desk.resolve(one.id));
    if (wish.what === 'return' && isMine) setReturning(true);
    if (wish.what === 'reopen' && isOver) void act(() => desk.reopen(one.id));
  }, [wish?.nonce]);

  return (
    <div
      ref={view}
      class={showsPacket ? 'case-view with-packet' : 'case-view'}
      data-testid="case-view"
      data-status={one.status}
    >
      <div class="case-main">
        <header class="case-header">
          <button type="button" class="icon-button narrow-only" aria-label="Back to the list" onClick={onBack}>
            <BackIcon />
          </button>
          <div class="case-title">
            <h2 dir="auto">{nameOf(one)}</h2>
            <span class="muted small">{statusOf(one, me)}</span>
          </div>
          <div class="case-actions">
            {one.status === 'waiting' && (
              <button
                type="button"
                class="button primary small"
                disabled={busy}
                onClick={() => void accept()}
                data-testid="accept"
              >
                Accept
              </button>
            )}
            {canTransfer && (
              <button
                type="button"
                class="button small"
                disabled={busy}
                onClick={() => setTransferring(true)}
                data-testid="transfer"
              >
                Transfer
              </button>
            )}
            {isMine && (
              <>
                <button
                  type="button"
                  class="button small"
                  disabled={busy}
                  onClick={() => setReturning(true)}
                  data-testid="return"
                >
                  Return to the agent
                </button>
                <button
                  type="button"
                  class="button primary small"
                  disabled={busy}
                  onClick={() => void act(() => desk.resolve(one.id))}
                  data-testid="resolve"
                >
                  Resolve
                </button>
                <button
                  type="button"
                  class="button small"
                  disabled={busy}
                  onClick={() => void act(() => desk.close(one.id))}
                  data-testid="close-case"
                >
                  End
                </button>
              </>
            )}
            {isOver && (
              <button
                type="button"
                class="button small"
                disabled={busy}
                onClick={() => void act(() => desk.reopen(one.id))}
                data-testid="reopen"
              >
                Take up again
              </button>
            )}
            <button
              type="button"
              class="icon-button packet-toggle"
              aria-label="About this conversation"
              aria-expanded={showsPacket}
              onClick={() => setShowsPacket(!showsPacket)}
              data-testid="packet-toggle"
            >
              <InfoIcon />
            </button>
          </div>
        </header>
        {error !== null && (
          <p class="alert" role="alert" data-testid="case-error">
            {error}
          </p>
        )}
        <CaseLog
          conversation={snapshot.conversation}
          userName={nameOf(one)}
          pending={pending}
          typing={typing}
          onRetry={(key) => {
            const reply = pending.find((other) => other.key === key);
            if (reply) void send(reply);
          }}
          onEarlier={() => void chat.loadEarlier().catch((thrown: unknown) => setError(messageOf(thrown)))}
        />
        {isMine && (
          <ReplyBox
            desk={desk}
            caseId={one.id}
            focus={focus}
            suggestion={suggestion}
            onTyping={(on) => chat.typing(on)}
            onSend={(content) =>
              void send({ key: crypto.randomUUID?.() ?? newKey(), content, error: null, messageId: null })
            }
          />
        )}
      </div>
      <CasePacket desk={desk} one={one} me={me} />
      {transferring && (
        <TransferSheet
          cases={cases}
          except={[me, one.supporter?.id]}
          onClose={() => setTransferring(false)}
          onTransfer={(to) => void act(() => desk.transfer(one.id, to))}
        />
      )}
      {returning && (
        <ReturnSheet
          onClose={() => setReturning(false)}
          onReturn={(summary) => void act(() => desk.returnToAgent(one.id, summary))}
        />
      )}
    </div>
  );
}

/** `randomUUID` is there in secure contexts only. */
function newKey(): string {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
  const version = `4${hex.slice(13, 16)}-8${hex.slice(17, 20)}`;
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${version}-${hex.slice(20)}`;
}
