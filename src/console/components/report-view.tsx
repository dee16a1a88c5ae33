import { useEffect, useState } from 'preact/hooks';
import type { Api } from '../api.js';
import { formatDuration, formatShare } from '../formatting.js';
import { messageOf } from '../hooks.js';
import type { Analytics } from '../protocol.js';
import { AlertIcon } from './icons.js';

const PERIODS = [7, 30, 90];

/** How it went: how many came, what agents did alone, how long people took, and what people thought of it. */
export function ReportView({ api }: { api: Api }) {
  const [days, setDays] = useState(30);
  const [report, setReport] = useState<Analytics | null>(null);
  const [error, setError] = useState<string | null>(null);
  useEffect(() => {
    let current = true;
    api
      .analytics(new Date(Date.now() - days * 24 * 3600_000))
      .then((read) => {
        if (!current) return;
        setReport(read);
        setError(null);
      })
      .catch((thrown: unknown) => {
        if (current) setError(messageOf(thrown));
      });
    return () => {
      current = false;
    };
  }, [api, days]);
  return (
    <div class="knowledge-inner report" data-testid="report">
      <label class="report-period">
        <span class="muted">The last</span>
        <select
          value={days}
          onChange={(event) => setDays(Number(event.currentTarget.value))}
          data-testid="report-period"
        >
          {PERIODS.map((count) => (
            <option key={count} value={count}>
              {count} days
            </option>
          ))}
        </select>
      </label>
      {error !== null && (
        <p class="alert" role="alert">
          <AlertIcon /> {error}
        </p>
      )}
      {report === null && error === null && <p class="muted">Loading…</p>}
      {report && <Figures report={report} />}
      {report && <Unanswered report={report} />}
    </div>
  );
}

interface FigureProps {
  name: string;
  value: string;
  about: string;
}

function Figure({ name, value, about }: FigureProps) {
  return (
    <div class="figure card">
      <dt>{name}</dt>
      <dd>{value}</dd>
      <dd class="muted small">{about}</dd>
    </div>
  );
}

function Figures({ report }: { report: Analytics }) {
  const { containment, conversations, csat, escalations, feedback, resolution, turns } = report;
  const { first_reply_s: reply, first_token_ms: token } = report;
  const seconds = (value: number | null) => (value === null ? '–' : formatDuration(value));
  return (
    <dl class="figures" data-testid="figures">
      <Figure
        name="Conversations"
        value={String(conversations)}
        about={`${turns.completed} answers, ${turns.failed} failed`}
      />
      <Figure
        name="Answered by agents alone"
        value={formatShare(containment)}
        about={`${escalations.total} called for a person`}
      />
      <Figure
        name="A person’s first word after"
        value={seconds(reply.p50)}
        about={`the slowest twentieth: ${seconds(reply.p95)}`}
      />
      <Figure
        name="Resolved by people"
        value={formatShare(resolution)}
        about={`${escalations.waiting} wait, ${escalations.assigned} are in hand`}
      />
      <Figure name="Satisfied" value={formatShare(csat)} about="4 or 5 of 5, after the end" />
      <Figure name="Thumbs" value={`${feedback.up} up`} about={`${feedback.down} down`} />
      <Figure
        name="An answer begins after"
        value={token.p50 === null ? '–' : formatDuration(token.p50 / 1000)}
        about={`the slowest twentieth: ${seconds(token.p95 === null ? null : token.p95 / 1000)}`}
      />
    </dl>
  );
}

/** What the documents should say, and do not. */
function Unanswered({ report }: { report: Analytics }) {
  if (report.unanswered.length === 0) return null;
  return (
    <section aria-labelledby="unanswered-title">
      <h2 id="unanswered-title">Not answered</h2>
      <p class="muted">Questions that were not understood, or that the documents do not answer.</p>
      <ol class="unanswered" data-testid="unanswered">
        {report.unanswered.map(({ conversation_id: id, count, question }) => (
          <li key={id + question}>
            <span dir="auto">{question}</span> {count > 1 && <span class="muted">{count} times</span>}
          </li>
        ))}
      </ol>
    </section>
  );
}
