/**
 * The frames of the chat socket, as the server's schemas validate and document them. Made by `npm run contract`: change the
 * schemas in src/channels/protocol instead.
 */

/**
 * Stops a turn, those of a conversation, or (neither given) every running turn that this socket started; both given must agree. Nothing to stop: `NOT_FOUND`
 */
export type AbortFrame = {
  /**
   * A UUID, "new" (also when absent), or a key of the client's own
   */
  conversation_id?: string | number;
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  /**
   * A UUID
   */
  turn_id?: string;
  type: 'abort';
};

/**
 * To the sender: committed, cannot be lost from here on
 */
export type AckFrame = {
  client_message_id: string | null;
  conversation_id: string;
  message_id: string;
  /**
   * Of the frame that this answers
   */
  ref?: string;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  /**
   * null: a person owns the conversation, no turn answers
   */
  turn_id: string | null;
  type: 'ack';
};

/**
 * First frame, or renewal of a token
 */
export type AuthFrame = {
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  token: string;
  type: 'auth';
};

export type Citation = {
  chunk_id: string;
  content?: string | null;
  document_id: string;
  /**
   * Where its document stands: to those who may read it there
   */
  knowledge_base_id?: string | null;
  n: number;
  page: number | null;
  quote: string;
  score: number;
  section: string | null;
  title: string;
  url: string | null;
};

export type ContextRestoredFrame = {
  conversation_id: string;
  last_seq: number;
  messages: Array<Message>;
  /**
   * Of the frame that this answers
   */
  ref?: string;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  /**
   * True: what lay between is no longer kept
   */
  snapshot: boolean;
  summary: string | null;
  turn: {
    agent: string | null;
    answer_id: string;
    attempt: number;
    error: {
      code:
        | 'UNAUTHORIZED'
        | 'TOKEN_EXPIRED'
        | 'FORBIDDEN'
        | 'NOT_FOUND'
        | 'INVALID_INPUT'
        | 'CONFLICT'
        | 'RATE_LIMIT'
        | 'QUOTA_EXCEEDED'
        | 'CONVERSATION_CLOSED'
        | 'LLM_ERROR'
        | 'LLM_TIMEOUT'
        | 'TOOL_ERROR'
        | 'RETRIEVAL_ERROR'
        | 'GUARDRAIL'
        | 'TURN_TIMEOUT'
        | 'INTERRUPTED'
        | 'PRECONDITION_FAILED'
        | 'UNAVAILABLE'
        | 'SUSPENDED'
        | 'MFA_REQUIRED'
        | 'DRAINING'
        | 'INTERNAL';
      message: string;
      retryable: boolean;
    } | null;
    start: number;
    status: 'queued' | 'running' | 'input_required' | 'completed' | 'failed' | 'cancelled' | 'handed_off';
    text: string;
    turn_id: string;
  } | null;
  type: 'context_restored';
};

/**
 * Whenever one of them changes
 */
export type ConversationFrame = {
  conversation_id: string;
  owner: 'agent' | 'human';
  /**
   * An opaque, comparable cursor. Stored frames are strictly ordered by it within the conversation, with gaps; `resume` takes it as `after_seq`
   */
  seq: number;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  status: 'active' | 'ended';
  supporter: {
    name: string;
  } | null;
  title: string;
  type: 'conversation';
};

/**
 * Exactly one for each turn, its last frame
 */
export type DoneFrame = {
  conversation_id: string;
  /**
   * When failed
   */
  error?: {
    code:
      | 'UNAUTHORIZED'
      | 'TOKEN_EXPIRED'
      | 'FORBIDDEN'
      | 'NOT_FOUND'
      | 'INVALID_INPUT'
      | 'CONFLICT'
      | 'RATE_LIMIT'
      | 'QUOTA_EXCEEDED'
      | 'CONVERSATION_CLOSED'
      | 'LLM_ERROR'
      | 'LLM_TIMEOUT'
      | 'TOOL_ERROR'
      | 'RETRIEVAL_ERROR'
      | 'GUARDRAIL'
      | 'TURN_TIMEOUT'
      | 'INTERRUPTED'
      | 'PRECONDITION_FAILED'
      | 'UNAVAILABLE'
      | 'SUSPENDED'
      | 'MFA_REQUIRED'
      | 'DRAINING'
      | 'INTERNAL';
    message: string;
    retryable: boolean;
  };
  /**
   * An opaque, comparable cursor. Stored frames are strictly ordered by it within the conversation, with gaps; `resume` takes it as `after_seq`
   */
  seq: number;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  status: 'completed' | 'failed' | 'cancelled' | 'input_required' | 'handed_off';
  turn_id: string;
  type: 'done';
  usage: Usage | null;
};

/**
 * Only one of scope `turn` has a `seq`; the others are never replayed
 */
export type ErrorFrame = {
  client_message_id?: string;
  code:
    | 'UNAUTHORIZED'
    | 'TOKEN_EXPIRED'
    | 'FORBIDDEN'
    | 'NOT_FOUND'
    | 'INVALID_INPUT'
    | 'CONFLICT'
    | 'RATE_LIMIT'
    | 'QUOTA_EXCEEDED'
    | 'CONVERSATION_CLOSED'
    | 'LLM_ERROR'
    | 'LLM_TIMEOUT'
    | 'TOOL_ERROR'
    | 'RETRIEVAL_ERROR'
    | 'GUARDRAIL'
    | 'TURN_TIMEOUT'
    | 'INTERRUPTED'
    | 'PRECONDITION_FAILED'
    | 'UNAVAILABLE'
    | 'SUSPENDED'
    | 'MFA_REQUIRED'
    | 'DRAINING'
    | 'INTERNAL';
  /**
   * As sent, when a frame is refused
   */
  conversation_id?: string;
  field?: string;
  /**
   * For people
   */
  message: string;
  /**
   * Of the frame that this answers
   */
  ref?: string;
  retry_after_ms?: number;
  retryable: boolean;
  /**
   * `frame`: the answer to a refused frame; `turn`: a turn failed, its `done` follows; `connection`: this socket, which is closed unless the error says how to go on
   */
  scope: 'frame' | 'turn' | 'connection';
  /**
   * An opaque, comparable cursor. Stored frames are strictly ordered by it within the conversation, with gaps; `resume` takes it as `after_seq`
   */
  seq?: number;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  turn_id?: string;
  type: 'error';
};

/**
 * Asks for a person. Answered with `escalation`, also when one is open already
 */
export type EscalateFrame = {
  /**
   * A UUID, "new" (also when absent), or a key of the client's own
   */
  conversation_id: string | number;
  reason?: string;
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  type: 'escalate';
};

/**
 * How far a wish for a person has come. A supporter’s socket gets those of the tenant’s queue
 */
export type EscalationFrame = {
  /**
   * True: nobody is there, leave an address
   */
  contact_form: boolean;
  conversation_id: string;
  escalation_id: string;
  /**
   * How long it will take, roughly; null: not known
   */
  eta_s: number | null;
  /**
   * Of those that wait, from 1
   */
  position: number | null;
  reason: string;
  /**
   * Of the frame that this answers
   */
  ref?: string;
  /**
   * An opaque, comparable cursor. Stored frames are strictly ordered by it within the conversation, with gaps; `resume` takes it as `after_seq`
   */
  seq: number;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  /**
   * To supporters only
   */
  skill?: string | null;
  status: 'waiting' | 'assigned' | 'returned' | 'resolved' | 'closed';
  /**
   * To supporters only
   */
  summary?: {
    [key: string]: unknown;
  };
  supporter: {
    name: string;
  } | null;
  type: 'escalation';
  /**
   * To supporters only
   */
  user?: {
    id: string;
    name: string;
  };
  /**
   * To supporters only
   */
  waiting_since?: string;
};

/**
 * Rates an answer; said again, it replaces what was said before. Answered with `ack` once it is stored
 */
export type FeedbackFrame = {
  comment?: string;
  /**
   * A UUID
   */
  message_id: string;
  rating: 'up' | 'down';
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  type: 'feedback';
};

export type Message = {
  /**
   * Markdown
   */
  content: string;
  /**
   * Sanitised HTML
   */
  content_html: string;
  conversation_id: string;
  created_at: string;
  id: string;
  message_id: string;
  /**
   * Of a question: what the client sent with it. Of an answer: the members named here
   */
  metadata: {
    agents?: Array<string>;
    chunks_used?: number;
    citations?: Array<Citation>;
    degraded?: boolean;
    /**
     * Why this answer called for a person
     */
    escalated?: string;
    intent?: string | null;
    intents?: Array<{
      agent: string;
      text: string;
    }>;
    language?: string | null;
    latency_ms?: number;
    /**
     * The turn was stopped: this is what there was of the answer
     */
    partial?: boolean;
    /**
     * Answers whose place this one has taken (`regenerate`)
     */
    replaces?: Array<string>;
    /**
     * The parts of the answer: whose each is, by its name, and where in `content` it begins (UTF-16 units)
     */
    sections?: Array<{
      agent: string;
      name: string;
      offset: number;
    }>;
    source_chunks?: Array<string>;
    usage?: Usage | null;
    [key: string]: unknown;
  };
  payload_type: string | null;
  payloads: Array<{
    items: Array<unknown>;
    /**
     * Its place in the text: UTF-16 units of the answer before it
     */
    offset: number;
    payload_type: string;
  }>;
  role: 'user' | 'assistant' | 'supporter' | 'system';
  seq: number;
  tokens_used: number | null;
  turn_id: string | null;
};

/**
 * A stored message
 */
export type MessageFrame = {
  /**
   * Markdown
   */
  content: string;
  /**
   * Sanitised HTML
   */
  content_html: string;
  conversation_id: string;
  created_at: string;
  id: string;
  message_id: string;
  /**
   * Of a question: what the client sent with it. Of an answer: the members named here
   */
  metadata: {
    agents?: Array<string>;
    chunks_used?: number;
    citations?: Array<Citation>;
    degraded?: boolean;
    /**
     * Why this answer called for a person
     */
    escalated?: string;
    intent?: string | null;
    intents?: Array<{
      agent: string;
      text: string;
    }>;
    language?: string | null;
    latency_ms?: number;
    /**
     * The turn was stopped: this is what there was of the answer
     */
    partial?: boolean;
    /**
     * Answers whose place this one has taken (`regenerate`)
     */
    replaces?: Array<string>;
    /**
     * The parts of the answer: whose each is, by its name, and where in `content` it begins (UTF-16 units)
     */
    sections?: Array<{
      agent: string;
      name: string;
      offset: number;
    }>;
    source_chunks?: Array<string>;
    usage?: Usage | null;
    [key: string]: unknown;
  };
  payload_type: string | null;
  payloads: Array<{
    items: Array<unknown>;
    /**
     * Its place in the text: UTF-16 units of the answer before it
     */
    offset: number;
    payload_type: string;
  }>;
  role: 'user' | 'assistant' | 'supporter' | 'system';
  seq: number;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  tokens_used: number | null;
  turn_id: string | null;
  type: 'message';
};

/**
 * Structured results beside the text
 */
export type PayloadFrame = {
  conversation_id: string;
  items: Array<unknown>;
  /**
   * Its place in the text of the answer
   */
  offset: number;
  payload_type: string;
  /**
   * An opaque, comparable cursor. Stored frames are strictly ordered by it within the conversation, with gaps; `resume` takes it as `after_seq`
   */
  seq: number;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  turn_id: string;
  type: 'payload';
};

/**
 * Answered with `pong`
 */
export type PingFrame = {
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  type: 'ping';
};

export type PongFrame = {
  /**
   * Of the frame that this answers
   */
  ref?: string;
  type: 'pong';
};

/**
 * The token was good
 */
export type ReadyFrame = {
  connection_id: string;
  heartbeat_s: number;
  limits: {
    /**
     * UTF-16 units of a message
     */
    content: number;
    frame_bytes: number;
    /**
     * Of one user, over all channels; 0: not limited
     */
    messages_per_minute: number;
    /**
     * How many messages of a conversation may wait for the running turn
     */
    queue: number;
  };
  protocol: 1;
  /**
   * Of the frame that this answers
   */
  ref?: string;
  tenant: {
    id: string;
    slug: string;
  };
  type: 'ready';
  user: {
    id: string;
    persona: string | null;
    role: 'platform_admin' | 'tenant_admin' | 'supporter' | 'end_user' | 'visitor';
  };
};

/**
 * Answers the last question of a conversation again, by any of its turns: a new turn, whose answer takes the place of the earlier one (`metadata.replaces`) once it is complete. Answered with `ack`, as a message
 */
export type RegenerateFrame = {
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  /**
   * A UUID
   */
  turn_id: string;
  type: 'regenerate';
};

/**
 * Subscribes, and replays what was missed
 */
export type ResumeFrame = {
  /**
   * What came after it is replayed; 0: everything kept; absent: the context and what comes now
   */
  after_seq?: number;
  /**
   * A UUID, "new" (also when absent), or a key of the client's own
   */
  conversation_id: string | number;
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  type: 'resume';
};

/**
 * The server is going to stop: reconnect soon
 */
export type ServerDrainingFrame = {
  type: 'server_draining';
};

export type StatusFrame = {
  agent?: string;
  /**
   * What people call the agent
   */
  agent_name?: string;
  conversation_id: string;
  /**
   * For people
   */
  message: string;
  /**
   * An opaque, comparable cursor. Stored frames are strictly ordered by it within the conversation, with gaps; `resume` takes it as `after_seq`
   */
  seq: number;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  /**
   * An open list: queued, routing, retrieving, grading, tool, generating, guarding, planning, reviewing, summarizing, escalating, …
   */
  step: string;
  tool?: string;
  turn_id: string;
  type: 'status';
};

/**
 * text = text.slice(0, offset) + content
 */
export type TokenFrame = {
  content: string;
  conversation_id: string;
  /**
   * UTF-16 units of this turn’s answer before it
   */
  offset: number;
  role: 'assistant';
  /**
   * An opaque, comparable cursor. Stored frames are strictly ordered by it within the conversation, with gaps; `resume` takes it as `after_seq`
   */
  seq: number;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  turn_id: string;
  type: 'token';
};

/**
 * A turn waits, starts, or starts again
 */
export type TurnFrame = {
  agent: string | null;
  /**
   * The id that the `message` of the answer will have
   */
  answer_id: string;
  /**
   * Counts the turns of one question
   */
  attempt: number;
  conversation_id: string;
  question_id: string;
  /**
   * An opaque, comparable cursor. Stored frames are strictly ordered by it within the conversation, with gaps; `resume` takes it as `after_seq`
   */
  seq: number;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  /**
   * Counts how often this turn was begun; after 1 its text starts anew
   */
  start: number;
  status: 'queued' | 'running';
  turn_id: string;
  type: 'turn';
};

/**
 * Shown to the person at the other end. Not answered
 */
export type TypingFrame = {
  /**
   * A UUID, "new" (also when absent), or a key of the client's own
   */
  conversation_id: string | number;
  on: boolean;
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  type: 'typing';
};

/**
 * Never stored, and without a `seq`
 */
export type TypingNoticeFrame = {
  conversation_id: string;
  from: 'agent' | 'supporter' | 'user';
  name: string | null;
  on: boolean;
  /**
   * The client's own key of the conversation
   */
  session_id?: string | number;
  type: 'typing';
};

/**
 * No more frames of this conversation. Not answered: frames are handled in order, so the `pong` of a `ping` sent after it says that it is done. A conversation that this socket does not follow: `NOT_FOUND`
 */
export type UnsubscribeFrame = {
  /**
   * A UUID, "new" (also when absent), or a key of the client's own
   */
  conversation_id: string | number;
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  type: 'unsubscribe';
};

export type Usage = {
  cost_usd: number | null;
  input_tokens: number;
  model: string;
  output_tokens: number;
};

/**
 * Starts a turn
 */
export type UserMessageFrame = {
  /**
   * An agent's key: skips routing
   */
  agent?: string;
  /**
   * Ids of uploads; not served yet, so it must be empty
   */
  attachments?: Array<string>;
  /**
   * Makes a retry safe; unique per user
   */
  client_message_id?: string;
  /**
   * What the user says
   */
  content: string;
  /**
   * A UUID, "new" (also when absent), or a key of the client's own
   */
  conversation_id?: string | number;
  /**
   * `false` leaves out the `message` frame
   */
  final?: boolean;
  /**
   * `html` puts sanitised HTML in `content` of messages
   */
  format?: 'markdown' | 'html';
  /**
   * Anything that belongs to the client, at most 4 KiB as JSON
   */
  metadata?: {
    [key: string]: unknown;
  };
  on_disconnect?: 'continue' | 'cancel';
  /**
   * Echoed by the direct answers to this frame
   */
  ref?: string;
  /**
   * `false` leaves out `token` frames
   */
  stream?: boolean;
  type: 'user_message';
};

export type ClientFrame =
  | AuthFrame
  | UserMessageFrame
  | AbortFrame
  | RegenerateFrame
  | ResumeFrame
  | UnsubscribeFrame
  | EscalateFrame
  | FeedbackFrame
  | TypingFrame
  | PingFrame;

export type ServerFrame =
  | ReadyFrame
  | AckFrame
  | TurnFrame
  | StatusFrame
  | TokenFrame
  | PayloadFrame
  | MessageFrame
  | ContextRestoredFrame
  | DoneFrame
  | ErrorFrame
  | EscalationFrame
  | ConversationFrame
  | TypingNoticeFrame
  | PongFrame
  | ServerDrainingFrame;
