import type { EscalationSummary } from './escalation.js';

/** As much of a message as a packet needs. */
export interface SummarisedMessage {
  readonly role: string;
  readonly content: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const MOST_ASKED = 5;
const LONGEST = 500;
const MOST_SOURCES = 10;

/** What the conversation was about so far, from its messages, oldest first. */
export function summaryOf(messages: readonly SummarisedMessage[]): EscalationSummary {
  const answers = messages.filter(({ role }) => role === 'assistant').map(({ metadata }) => metadata);
  return {
    asked: messages
      .filter(({ role }) => role === 'user')
      .slice(-MOST_ASKED)
      .map(({ content }) => content.slice(0, LONGEST)),
    tried: answers.flatMap(triedIn),
    entities: Object.assign({}, ...answers.flatMap(entitiesIn)) as Record<string, unknown>,
    sources: distinct(answers.flatMap(sourcesIn)).slice(0, MOST_SOURCES),
  };
}

function triedIn({ agents, intent }: Readonly<Record<string, unknown>>): EscalationSummary['tried'] {
  const named = Array.isArray(agents) ? agents.filter((agent) => typeof agent === 'string') : [];
  return named.map((agent) => ({ agent, intent: typeof intent === 'string' ? intent : null }));
}

function entitiesIn({ awaiting }: Readonly<Record<string, unknown>>): object[] {
  return records(awaiting).flatMap(({ entities }) =>
    typeof entities === 'object' && entities !== null ? [entities] : [],
  );
}

function sourcesIn({ citations }: Readonly<Record<string, unknown>>): EscalationSummary['sources'] {
  return records(citations).flatMap(({ document_id: id, title }) =>
    typeof id === 'string' && typeof title === 'string' ? [{ document_id: id, title }] : [],
  );
}

function records(value: unknown): Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) ? value.filter((one): one is Record<string, unknown> => typeof one === 'object') : [];
}

function distinct(sources: EscalationSummary['sources']): EscalationSummary['sources'] {
  return [...new Map(sources.map((source) => [source.document_id, source])).values()];
}
