import { useState } from 'preact/hooks';
import { useWords } from './context.js';
import { explainThrown } from './errors.js';
import { CheckIcon, PersonIcon, PlusIcon } from './icons.js';
import type { Room, RoomState } from './room.js';

interface PeopleBarProps {
  room: Room;
  state: RoomState;
  /** The tenant's own words for when nobody is there. */
  offlineText: string | undefined;
}

/** Where the wish for a person stands: a place in the line, a form when nobody is there, or the end. */
export function PeopleBar({ room, state, offlineText }: PeopleBarProps) {
  const words = useWords();
  const { escalation, ended } = state.conversation.people;
  if (ended) {
    return (
      <div class="bar ended" data-testid="ended">
        <span>{words.ended}</span>
        <button type="button" class="main-button" onClick={() => room.newConversation()}>
          <PlusIcon /> {words.newConversation}
        </button>
      </div>
    );
  }
  if (escalation?.status !== 'waiting') return null;
  if (escalation.contactForm) {
    return state.isContacted ? (
      <p class="bar" role="status" data-testid="contacted">
        <CheckIcon /> {words.contactSent}
      </p>
    ) : (
      <ContactForm room={room} text={offlineText || words.nobodyThere} />
    );
  }
  const minutes = escalation.etaSeconds === null ? null : Math.max(1, Math.round(escalation.etaSeconds / 60));
  const { position } = escalation;
  const place = position === null ? null : position <= 1 ? words.nextInLine : words.position(position);
  return (
    <div class="bar waiting" role="status" data-testid="waiting">
      <PersonIcon />
      <div>
        <strong>{words.waiting}</strong>
        {place !== null && (
          <p data-testid="place">
            {[place, minutes === null ? null : words.estimate(minutes)].filter(Boolean).join(' · ')}
          </p>
        )}
        <p class="muted">{words.stay}</p>
      </div>
    </div>
  );
}

const EMAIL = /^[^\s@<>"',;:]{1,64}@[^\s@<>"',;:.]+(\.[^\s@<>"',;:.]+)+$/;

function ContactForm({ room, text }: { room: Room; text: string }) {
  const words = useWords();
  const [fields, setFields] = useState({ email: '', text: '' });
  const [isWrong, setWrong] = useState(false);
  const [error, setError] = useState<string | null>(null);
  const set = (name: keyof typeof fields) => (event: { currentTarget: { value: string } }) =>
    setFields({ ...fields, [name]: event.currentTarget.value });
  return (
    <form
      class="sheet"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        const email = fields.email.trim();
        if (!EMAIL.test(email)) {
          setWrong(true);
          event.currentTarget.querySelector<HTMLElement>('[type=email]')?.focus();
          return;
        }
        room
          .leaveAddress({ email, text: fields.text.trim() })
          .catch((thrown: unknown) => setError(explainThrown(thrown, words)));
      }}
      data-testid="contact-form"
    >
      <p dir="auto">{text}</p>
      <label>
        {words.email}
        <input
          type="email"
          autocomplete="email"
          required
          maxLength={254}
          aria-invalid={isWrong}
          aria-describedby={isWrong ? 'email-wrong' : undefined}
          value={fields.email}
          onInput={set('email')}
          data-testid="contact-email"
        />
      </label>
      {isWrong && (
        <p id="email-wrong" class="wrong" role="alert">
          {words.emailInvalid}
        </p>
      )}
      <label>
        {words.contactText}
        <textarea rows={2} maxLength={1500} dir="auto" value={fields.text} onInput={set('text')} />
      </label>
      {error !== null && (
        <p class="wrong" role="alert">
          {error}
        </p>
      )}
      <button type="submit" class="main-button" data-testid="contact-send">
        {words.submit}
      </button>
    </form>
  );
}
