import { type ChatRequest } from './chat-model.port.js';
import { LlmError } from './llm.errors.js';

/** How much a model that thinks first may think about a step of a turn: somebody is waiting. All of them know this word. */
const EFFORT = 'low';
/** Tokens that thinking may take beside the answer's own: providers count both against the one bound. */
const ROOM_TO_THINK = 2000;

/** "must be at most 8192", "too large: 99999", "between 0 and 2": the parameter is known, its value is not one. */
const OUT_OF_BOUNDS =
  /\b(?:too (?:large|small|high|low|big)|at (?:most|least)|between|range|(?:less|greater|more|higher|lower) than|exceed\w*|maximum value|minimum value|up to)\b|[<>≤≥]/i;

/** What is sent where a request does not say. */
interface ModelDefaults {
  readonly model: string;
  readonly temperature?: number;
  readonly maxTokens?: number;
}

/**
 * What one model of one endpoint takes beside the messages: a temperature, a bound of the answer under either of its two
 * names, an effort. Guessed from the model's name, put right by what the endpoint refuses, and remembered: which
 * parameters a model knows cannot be asked for.
 */
export class CallParameters {
  private readonly thinks: boolean;
  private temperature: boolean;
  private effort: boolean;
  private bound: 'max_tokens' | 'max_completion_tokens';
  private boundRenamed = false;

  constructor(private readonly endpoint: ModelDefaults) {
    this.thinks = thinksFirst(endpoint.model);
    this.temperature = !this.thinks;
    this.effort = this.thinks;
    this.bound = this.thinks ? 'max_completion_tokens' : 'max_tokens';
  }

  /** Members of the request's body; what is undefined is left out of the JSON. */
  of(request: ChatRequest): Record<string, unknown> {
    const limit = request.maxTokens ?? this.endpoint.maxTokens;
    const room = this.thinks ? ROOM_TO_THINK : 0;
    return {
      temperature: this.temperature ? (request.temperature ?? this.endpoint.temperature) : undefined,
      [this.bound]: limit === undefined ? undefined : limit + room,
      reasoning_effort: this.effort ? EFFORT : undefined,
    };
  }

  /**
   * Whether the refusal names a parameter that was sent and is left out, or renamed, from now on: then the same request
   * is worth sending again. Each changes once, so that this ends.
   */
  learn(error: unknown): boolean {
    if (!(error instanceof LlmError) || (error.status !== 400 && error.status !== 422)) return false;
    // Another value would be taken: that is one request's fault, and what is learned here holds for every tenant.
    if (OUT_OF_BOUNDS.test(error.detail)) return false;
    if (this.effort && error.detail.includes('reasoning_effort')) {
      this.effort = false;
      return true;
    }
    if (this.temperature && error.detail.includes('temperature')) {
      this.temperature = false;
      return true;
    }
    if (!this.boundRenamed && error.detail.includes(this.bound)) {
      this.boundRenamed = true;
      this.bound = this.bound === 'max_tokens' ? 'max_completion_tokens' : 'max_tokens';
      return true;
    }
    return false;
  }
}

/** Models of OpenAI that think before they answer, also behind a gateway's prefix. */
function thinksFirst(model: string): boolean {
  return /(?:^|\/)(?:o\d|gpt-5(?!-chat))/.test(model);
}
