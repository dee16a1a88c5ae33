/**
 * What the page knows of the public contract: socket frames and REST objects, as the server documents them.
 * Only fields that the page reads are named, and nearly all are optional: the server may add fields, and a page
 * that is a version behind must keep working.
 */

export interface Citation {
  n: number;
  document_id?: string;
  chunk_id?: string;
  title?: string;
  page?: number | null;
  section?: string | null;
  url?: string | null;
  score?: number;
  quote?: string | null;
}

/** The passage behind a citation: the citation's fields and the text that it was quoted from. */
export interface Passage extends Citation {
  content?: string;
}

export interface Payload {
  payload_type: string;
  items: unknown[];
}

export type MessageRole = 'user' | 'assistant' | 'supporter' | 'system';

export interface MessageMetadata {
  intent?: string;
  agents?: unknown[];
  citations?: Citation[];
  degraded?: boolean;
  partial?: boolean;
  latency_ms?: number;
}

export interface StoredMessage {
  id: string;
  turn_id?: string | null;
  seq?: number;
  role: MessageRole;
  content: string;
  content_html?: string | null;
  payloads?: Payload[] | null;
  metadata?: MessageMetadata | null;
  created_at?: string;
}

export type DoneStatus = 'completed' | 'failed' | 'cancelled' | 'input_required' | 'handed_off';

export interface UserMessageFrame {
  type: 'user_message';
  content: string;
  conversation_id: string;
  client_message_id: string;
}

export type ClientFrame =
  | UserMessageFrame
  | { type: 'auth'; token: string }
  | { type: 'abort'; conversation_id: string; turn_id?: string; ref: string }
  | { type: 'resume'; conversation_id: string; after_seq?: number; ref: string }
  | { type: 'ping' };

/** Fields that any frame of a conversation may carry; direct answers have no `seq`. */
interface FrameBase {
  conversation_id?: string;
  /** null in the ack of a message that a person will answer. */
  turn_id?: string | null;
  seq?: number;
  ref?: string;
}

/** Why a turn failed. */
export interface TurnFault {
  code?: string;
  message?: string;
  retryable?: boolean;
}

export interface RestoredTurn {
  turn_id: string;
  status: string;
  start?: number;
  agent?: string | null;
  text?: string | null;
  error?: TurnFault | null;
}

export type ServerFrame = FrameBase &
  (
    | { type: 'ready'; connection_id?: string; heartbeat_s?: number }
    | { type: 'ack'; client_message_id?: string; message_id?: string }
    | { type: 'turn'; status: string; attempt?: number; start?: number; question_id?: string; agent?: string | null }
    | {
        type: 'status';
        step: string;
        message?: string;
        agent?: string | null;
        tool?: string | null;
        degraded?: boolean;
      }
    | { type: 'token'; content: string; offset: number }
    | { type: 'payload'; payload_type: string; items: unknown[]; offset?: number }
    | { type: 'input_required'; interrupt_id?: string; kind?: string; prompt?: string }
    | ({ type: 'message' } & Omit<StoredMessage, 'turn_id'>)
    | { type: 'escalation'; status?: string; position?: number | null; supporter?: { name?: string } | null }
    | {
        type: 'context_restored';
        summary?: string | null;
        messages?: StoredMessage[];
        last_seq?: number;
        turn?: RestoredTurn | null;
        snapshot?: boolean;
      }
    | { type: 'done'; status: DoneStatus; error?: TurnFault | null }
    | {
        type: 'error';
        scope?: 'frame' | 'turn' | 'connection';
        code: string;
        message: string;
        retryable?: boolean;
        retry_after_ms?: number | null;
        field?: string;
        client_message_id?: string;
      }
    | { type: 'pong' }
    | { type: 'server_draining' }
  );

/** Reads one text frame; null when it is not an object with a `type` (a newer server's surprise is not an error). */
export function parseServerFrame(data: unknown): ServerFrame | null {
  if (typeof data !== 'string') return null;
  try {
    const frame: unknown = JSON.parse(data);
    const isFrame = typeof frame === 'object' && frame !== null && 'type' in frame && typeof frame.type === 'string';
    return isFrame ? (frame as ServerFrame) : null;
  } catch {
    return null;
  }
}

export interface User {
  id: string;
  email: string | null;
  name: string | null;
  role: string;
  persona?: string | null;
  tenant: { id: string; slug: string; name?: string };
}

export interface TokenAnswer {
  access_token: string;
  refresh_token: string;
  /** Seconds. */
  expires_in: number;
  user?: User;
}

export interface DemoUser {
  tenant: string;
  tenant_name?: string;
  email: string;
  name: string;
  role: string;
  persona?: string | null;
  description?: string | null;
}

export interface Demo {
  users: DemoUser[];
  password: string;
  /** The demo's documents are not all searchable yet. */
  reading?: boolean;
}

export interface Page<T> {
  data: T[];
  next_cursor?: string | null;
  has_more?: boolean;
}

export interface Conversation {
  id: string;
  title?: string | null;
  message_count?: number;
  last_interaction_at?: string | null;
  updated_at?: string;
}

export interface TurnRecord {
  id: string;
  status: string;
  content?: string | null;
}

export interface KnowledgeBase {
  id: string;
  name: string;
  description?: string | null;
  document_count?: number;
  chunk_count?: number;
}

export interface KnowledgeDocument {
  id: string;
  title: string;
  mime_type?: string | null;
  size?: number | null;
  status: string;
  progress?: number | null;
  chunk_count?: number | null;
  /** Why it waits, and until when; it goes on by itself. */
  waiting?: { reason: string; until: string } | null;
  error?: { code?: string; message?: string; retryable?: boolean } | null;
  created_at?: string;
}

export interface SearchHit {
  chunk_id: string;
  document_id?: string;
  title?: string;
  page?: number | null;
  section?: string | null;
  content: string;
  score?: number;
}

export interface SearchAnswer {
  data: SearchHit[];
  degraded?: boolean;
}
