/**
 * What the console knows of REST beside the conversation, which `src/sdk` knows. Only members that the page reads are named,
 * and nearly all are optional: the server may add some, and a page that is a version behind must keep working.
 */

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

interface Percentiles {
  readonly p50: number | null;
  readonly p95: number | null;
}

/** `GET /api/admin/analytics`, as far as the page shows it. */
export interface Analytics {
  readonly conversations: number;
  readonly turns: { readonly completed: number; readonly failed: number };
  readonly containment: number | null;
  readonly resolution: number | null;
  readonly csat: number | null;
  readonly first_token_ms: Percentiles;
  readonly first_reply_s: Percentiles;
  readonly feedback: { readonly up: number; readonly down: number };
  readonly escalations: { readonly total: number; readonly waiting: number; readonly assigned: number };
  readonly unanswered: readonly {
    readonly question: string;
    readonly count: number;
    readonly conversation_id: string;
  }[];
}
