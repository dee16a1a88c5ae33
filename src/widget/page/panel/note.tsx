import type { NoteView } from '../../../sdk/index.js';
import { useWords } from './context.js';
import { Prose } from './prose.js';
import { noteText } from './spoken.js';

/** What stands outside of questions and answers: a person's words, and what became of the wish for one. */
export function Note({ note }: { note: NoteView }) {
  const words = useWords();
  const { escalation, message } = note;
  if (escalation) return <p class="event">{noteText(escalation, words)}</p>;
  if (message.role !== 'supporter') return <p class="event">{message.content}</p>;
  return (
    <div class="row">
      <div class="bubble theirs person" data-testid="supporter-message">
        <Prose text={message.content} />
      </div>
    </div>
  );
}
