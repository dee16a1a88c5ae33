import { useState } from 'preact/hooks';
import { type PayloadCard, payloadCards, payloadHeading } from '../../../answers/index.js';
import type { Payload } from '../../../sdk/index.js';
import { useSurroundings, useWords } from './context.js';
import { LinkIcon } from './icons.js';

const SHOWN_AT_FIRST = 3;

/** Structured results. */
export function Cards({ payload }: { payload: Payload }) {
  const { language, words } = useSurroundings();
  const [isAll, setAll] = useState(false);
  const cards = payloadCards(payload.items, { locale: language, yes: words.yes, no: words.no, result: words.result });
  if (cards.length === 0) return null;
  return (
    <section class="cards" data-testid="cards">
      <h3>{words.headings[payload.payload_type] ?? payloadHeading(payload.payload_type)}</h3>
      <ul>
        {(isAll ? cards : cards.slice(0, SHOWN_AT_FIRST)).map((card) => (
          <li key={card.key} class="card">
            <Card card={card} />
          </li>
        ))}
      </ul>
      {cards.length > SHOWN_AT_FIRST && (
        <button type="button" class="quiet-button" onClick={() => setAll(!isAll)}>
          {isAll ? words.showFewer : words.showAll(cards.length)}
        </button>
      )}
    </section>
  );
}

function Card({ card }: { card: PayloadCard }) {
  const words = useWords();
  return (
    <>
      <div class="card-head">
        <h4 dir="auto">{card.title}</h4>
        {card.percent !== null && <span class="score">{words.match(card.percent)}</span>}
      </div>
      {card.subtitle && <p class="muted">{card.subtitle}</p>}
      {card.reasons.length > 0 && (
        <ul class="reasons">
          {card.reasons.map((reason, index) => (
            <li key={index}>{reason}</li>
          ))}
        </ul>
      )}
      {card.text && (
        <p class="muted" dir="auto">
          {card.text}
        </p>
      )}
      {card.fields.length > 0 && (
        <dl>
          {card.fields.map((field) => (
            <div key={field.label}>
              <dt>{field.label}</dt>
              <dd dir="auto">{field.value}</dd>
            </div>
          ))}
        </dl>
      )}
      {card.url && (
        <a href={card.url} target="_blank" rel="noopener noreferrer">
          {words.open} <LinkIcon />
        </a>
      )}
    </>
  );
}
