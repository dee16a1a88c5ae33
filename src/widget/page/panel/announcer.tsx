import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { ConversationState } from '../../../sdk/index.js';
import { useSurroundings } from './context.js';
import { Spoken } from './spoken.js';

const KEPT = 8;

/** Says sentences to screen readers; what is seen is not live, since it changes with every token. */
export function Announcer({ conversation, isOpen }: { conversation: ConversationState; isOpen: boolean }) {
  const { language, words } = useSurroundings();
  const spoken = useMemo(() => new Spoken(words, language), []);
  const [lines, setLines] = useState<{ id: number; text: string }[]>([]);
  const nextId = useRef(0);
  const wasRestoring = useRef(true);
  const { conversationId, items, restoring } = conversation;
  const before = useRef(conversationId);
  useEffect(() => {
    const isOther = before.current !== null && before.current !== conversationId;
    const isQuiet = !isOpen || restoring || wasRestoring.current || isOther;
    wasRestoring.current = restoring;
    before.current = conversationId;
    const news = spoken.next(items, isQuiet);
    if (news.length === 0) return;
    const added = news.map((text) => ({ id: (nextId.current += 1), text }));
    setLines((shown) => [...shown, ...added].slice(-KEPT));
  }, [items, isOpen, restoring]);
  return (
    <div class="unseen" role="log" aria-live="polite" aria-label={words.newAnswer} data-testid="live">
      {lines.map(({ id, text }) => (
        <p key={id}>{text}</p>
      ))}
    </div>
  );
}
