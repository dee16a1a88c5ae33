import type { ErrorCode } from '#platform/errors';
import { Registry } from 'prom-client';
import { ClosedCounter, ClosedHistogram, type Labels, ReadGauge, ReadGauges } from './instruments.js';
import { processMetrics } from './process-metrics.js';

/** Exhaustive: a new code does not compile until it has its place here. */
const EVERY_CODE: Readonly<Record<ErrorCode, true>> = {
  UNAUTHORIZED: true,
  TOKEN_EXPIRED: true,
  FORBIDDEN: true,
  NOT_FOUND: true,
  INVALID_INPUT: true,
  CONFLICT: true,
  RATE_LIMIT: true,
  QUOTA_EXCEEDED: true,
  CONVERSATION_CLOSED: true,
  LLM_ERROR: true,
  LLM_TIMEOUT: true,
  TOOL_ERROR: true,
  RETRIEVAL_ERROR: true,
  GUARDRAIL: true,
  TURN_TIMEOUT: true,
  INTERRUPTED: true,
  PRECONDITION_FAILED: true,
  UNAVAILABLE: true,
  SUSPENDED: true,
  MFA_REQUIRED: true,
  DRAINING: true,
  INTERNAL: true,
};
const CODES = Object.keys(EVERY_CODE) as readonly ErrorCode[];
const NO_CODE = 'none';

const TURN_OUTCOMES = ['completed', 'failed', 'cancelled', 'handed_off', 'released', 'elsewhere'] as const;
export type TurnOutcome = (typeof TURN_OUTCOMES)[number];
/** `first`: begun by the process that ended it; `taken_over`: after another one had died with it; `nobody`: it did not run here. */
const TURN_BEGUN = ['first', 'taken_over', 'nobody'] as const;

export const PROVIDERS = ['openai', 'groq', 'ollama', 'anthropic', 'google', 'other'] as const;
export type Provider = (typeof PROVIDERS)[number];
const CALL_KINDS = ['chat', 'embedding'] as const;
const CALL_OUTCOMES = ['completed', 'failed', 'aborted'] as const;
const CALL_FAULTS = [
  'connect',
  'first_byte',
  'idle',
  'total',
  'broken',
  'unauthorized',
  'rate_limited',
  'refused',
  'server_error',
] as const;
export type CallFault = (typeof CALL_FAULTS)[number];

/** Steps of a turn that ask a model. */
const MODEL_STEPS = ['route', 'extract', 'grade', 'rewrite', 'answer', 'title', 'summarize'] as const;
/** `unusable`: the model answered, but not with what was asked for; `failed`: its provider did not answer. */
const FALLBACK_REASONS = ['unusable', 'failed'] as const;

const DOCUMENT_OUTCOMES = ['ready', 'failed', 'given_back', 'dropped'] as const;
const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'other'] as const;
const STATUS_CLASSES = ['1xx', '2xx', '3xx', '4xx', '5xx', 'aborted'] as const;
export type StatusClass = (typeof STATUS_CLASSES)[number];
/** Far above what the program has. */
const ROUTES = { atMost: 400 } as const;

export const BUS_DRIVERS = ['memory', 'postgres', 'redis'] as const;
export const POOL_STATES = ['total', 'idle', 'waiting'] as const;

/** A turn is a matter of seconds, its first word should be one of tenths. */
const TURN_BUCKETS = [0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 12, 30, 60, 120];
const REQUEST_BUCKETS = [0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10];

/**
 * All figures of this process that operators can scrape, by name: what exists is listed here and nowhere else. Labels have
 * fixed values (a tenant, a person, a conversation or a text can be none), so that the number of series has an end and no
 * figure tells of anybody. Whoever owns a fact calls its instrument; what is a state is read when somebody asks (`from`).
 */
export class Metrics {
  private readonly registry = new Registry();

  // ── turns ─────────────────────────────────────────────────────────────────────────────────────────────────────────
  private readonly turns = this.counter('turns_total', 'Turns that came to an end here', {
    outcome: TURN_OUTCOMES,
    code: [NO_CODE, ...CODES],
    begun: TURN_BEGUN,
  });
  private readonly takeOvers = this.counter('turn_take_overs_total', 'Turns begun again after their process died', {});
  private readonly settleRetries = this.counter(
    'turn_settle_retries_total',
    'Ends of turns that could not be written and were tried again',
    {},
  );
  private readonly waited = this.histogram('turn_wait_seconds', 'From the acceptance to the start of a turn');
  private readonly firstToken = this.histogram('turn_first_token_seconds', 'From the acceptance to the first word');
  private readonly total = this.histogram('turn_seconds', 'From the acceptance to the end of a turn', {
    outcome: TURN_OUTCOMES,
  });
  readonly turnsRunning = this.gauge('turns_running', 'Turns that run here');
  readonly turnsWaiting = this.gauge(
    'turns_waiting',
    'Turns of the installation that could run and do not, up to 1000; every instance says the same',
  );

  // ── providers ─────────────────────────────────────────────────────────────────────────────────────────────────────
  private readonly calls = this.counter('provider_calls_total', 'Requests to model providers', {
    provider: PROVIDERS,
    kind: CALL_KINDS,
    outcome: CALL_OUTCOMES,
  });
  private readonly callErrors = this.counter('provider_errors_total', 'Requests to model providers that failed', {
    provider: PROVIDERS,
    kind: CALL_KINDS,
    code: CODES,
    reason: CALL_FAULTS,
  });

  private readonly fallbacks = this.counter(
    'model_fallbacks_total',
    'Steps of turns that were decided without the model',
    {
      step: MODEL_STEPS,
      reason: FALLBACK_REASONS,
    },
  );

  // ── database and bus ──────────────────────────────────────────────────────────────────────────────────────────────
  readonly pool = new ReadGauges(
    this.registry,
    named('database_connections'),
    'Connections of the pool, and callers who wait for one',
    { name: 'state', values: POOL_STATES },
  );
  readonly deadlines = this.gauge('database_deadlines', 'Transactions that passed their deadline, since the start');
  readonly busPeers = this.gauge('bus_peers', 'Other instances that are heard on the bus');
  readonly busGaps = this.counter('bus_gaps_total', 'Times when messages of the bus may have been lost', {});
  readonly bus = new ReadGauges(this.registry, named('bus_connected'), 'Whether the bus is connected, by its driver', {
    name: 'driver',
    values: BUS_DRIVERS,
  });

  // ── documents ─────────────────────────────────────────────────────────────────────────────────────────────────────
  private readonly documents = this.counter('ingestion_documents_total', 'Documents that a worker here has left', {
    outcome: DOCUMENT_OUTCOMES,
  });
  private documentsInWork = 0;

  // ── channels ──────────────────────────────────────────────────────────────────────────────────────────────────────
  readonly sockets = this.gauge('sockets_open', 'Open WebSockets');
  readonly eventStreams = this.gauge('event_streams_open', 'Open streams of server-sent events');
  private readonly refusedFrames = this.counter('frames_refused_total', 'Frames of sockets that were refused', {
    code: CODES,
  });
  private readonly requests = this.counter('http_requests_total', 'HTTP requests that were answered or given up', {
    method: METHODS,
    route: ROUTES,
    status: STATUS_CLASSES,
  });
  private readonly requestSeconds = this.histogram(
    'http_request_seconds',
    'From the request to the end of its answer',
    { method: METHODS, route: ROUTES },
    REQUEST_BUCKETS,
  );

  constructor() {
    this.gauge('ingestion_documents_in_work', 'Documents that a worker here has in work').from(
      () => this.documentsInWork,
    );
  }

  /** A turn ended. @param ended `seconds` only where it ran here */
  turnEnded(ended: {
    readonly outcome: TurnOutcome;
    readonly code: ErrorCode | null;
    readonly begun: (typeof TURN_BEGUN)[number];
    readonly seconds?: number;
  }): void {
    const { begun, code, outcome, seconds } = ended;
    this.turns.add({ outcome, code: code ?? NO_CODE, begun });
    if (seconds !== undefined) this.total.observe({ outcome }, seconds);
  }

  /** A turn begins to run here. */
  turnBegun(waitedSeconds: number, takenOver: boolean): void {
    // How long a dead process had it is no wait in a queue.
    if (takenOver) this.takeOvers.add({});
    else this.waited.observe({}, waitedSeconds);
  }

  turnSpoke(seconds: number): void {
    this.firstToken.observe({}, seconds);
  }

  settleRetried(): void {
    this.settleRetries.add({});
  }

  providerCalled(call: {
    readonly provider: Provider;
    readonly kind: (typeof CALL_KINDS)[number];
    /** null: nothing went wrong. */
    readonly failure: 'aborted' | { readonly code: ErrorCode; readonly reason: CallFault } | null;
  }): void {
    const { failure, kind, provider } = call;
    const outcome = failure === null ? 'completed' : failure === 'aborted' ? 'aborted' : 'failed';
    this.calls.add({ provider, kind, outcome });
    if (failure !== null && failure !== 'aborted') this.callErrors.add({ provider, kind, ...failure });
  }

  /** A step that a model was asked for was decided without it. */
  stepFellBack(fallback: {
    readonly step: (typeof MODEL_STEPS)[number];
    readonly reason: (typeof FALLBACK_REASONS)[number];
  }): void {
    this.fallbacks.add(fallback);
  }

  documentBegun(): void {
    this.documentsInWork++;
  }

  documentLeft(outcome: (typeof DOCUMENT_OUTCOMES)[number]): void {
    this.documentsInWork--;
    this.documents.add({ outcome });
  }

  frameRefused(code: ErrorCode): void {
    this.refusedFrames.add({ code });
  }

  /** @param route its template, never its path */
  requestEnded(request: {
    readonly method: string;
    readonly route: string;
    readonly status: StatusClass;
    readonly seconds: number;
  }): void {
    const { route, seconds, status } = request;
    const method = isMethod(request.method) ? request.method : 'other';
    this.requests.add({ method, route, status });
    this.requestSeconds.observe({ method, route }, seconds);
  }

  /** Everything as Prometheus reads it, with what the process itself says. */
  async text(): Promise<string> {
    const texts = await Promise.all([this.registry.metrics(), processMetrics().metrics()]);
    return texts.join('\n');
  }

  private counter<L extends Labels>(name: string, help: string, labels: L): ClosedCounter<L> {
    return new ClosedCounter({ registry: this.registry, name: named(name), help, labels });
  }

  private histogram<L extends Labels = Record<never, never>>(
    name: string,
    help: string,
    labels: L = {} as L,
    buckets: readonly number[] = TURN_BUCKETS,
  ): ClosedHistogram<L> {
    return new ClosedHistogram({ registry: this.registry, name: named(name), help, labels, buckets });
  }

  private gauge(name: string, help: string): ReadGauge {
    return new ReadGauge(this.registry, named(name), help);
  }
}

function named(name: string): string {
  return `switchboard_${name}`;
}

function isMethod(method: string): method is (typeof METHODS)[number] {
  return (METHODS as readonly string[]).includes(method);
}
