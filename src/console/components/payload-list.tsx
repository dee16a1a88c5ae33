import { useState } from 'preact/hooks';
import { payloadCards, payloadHeading, type PayloadCard } from '../../answers/index.js';
import type { Payload } from '../../sdk/index.js';
import { LinkIcon } from './icons.js';

const SHOWN_AT_FIRST = 4;

export function PayloadList({ payload }: { payload: Payload }) {
  const [all, setAll] = useState(false);
  const cards = payloadCards(payload.items);
  const shown = all ? cards : cards.slice(0, SHOWN_AT_FIRST);
  if (cards.length === 0) return null;
  return (
    <section class="payload" data-testid={`payload-${payload.payload_type}`}>
      <h3>
        {payloadHeading(payload.payload_type)} <span class="muted">{cards.length}</span>
      </h3>
      <ul class="payload-cards">
        {shown.map((card) => (
          <li key={card.key} class="card payload-card" data-testid="payload-card">
            <Card card={card} />
          </li>
        ))}
      </ul>
      {cards.length > SHOWN_AT_FIRST && (
        <button type="button" class="button small" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${cards.length}`}
        </button>
      )}
    </section>
  );
}

function Card({ card }: { card: PayloadCard }) {
  return (
    <>
      <div class="payload-head">
        <div>
          <h4>{card.title}</h4>
          {card.subtitle && <p class="muted">{card.subtitle}</p>}
        </div>
        {card.percent !== null && (
          <p class="score" data-testid="score">
            <strong>{card.percent} %</strong> <span class="muted">match</span>
            <span class="score-bar" aria-hidden="true">
              <span style={{ width: `${card.percent}%` }} />
            </span>
          </p>
        )}
      </div>
      {card.reasons.length > 0 && (
        <ul class="reasons" aria-label="How it matches">
          {card.reasons.map((reason, index) => (
            <li key={index}>{reason}</li>
          ))}
        </ul>
      )}
      {card.text && <p class="payload-text muted">{card.text}</p>}
      {card.fields.length > 0 && (
        <dl class="fields">
          {card.fields.map((field) => (
            <div key={field.label}>
              <dt>{field.label}</dt>
              <dd>{field.value}</dd>
            </div>
          ))}
        </dl>
      )}
      {card.url && (
        <a href={card.url} target="_blank" rel="noopener noreferrer" class="card-link">
          Open <LinkIcon />
        </a>
      )}
    </>
  );
}
