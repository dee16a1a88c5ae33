/**
 * Owns everything between the product and a model provider: the two ports (`ChatModel`, `Embedder`), their adapters,
 * connections, deadlines, retries, keys and what a call cost.
 *
 *   agents ─ LlmService.chatModel(ctx) ─▶ ChatModel ─▶ fast reader ──┐
 *                                            └────▶ LangChain ───────┴▶ ProviderConnection ─▶ provider
 *   rag ─── LlmService.embedder() ──────▶ Embedder ─▶ local (no network) | openai | transformers
 *
 * Text comes back through the callback of `ChatModel.stream`, synchronously and in order; usage comes through a callback
 * too, also of calls that fail or are aborted, and is written by the caller's own transaction (`usage-record.ts` has the
 * statement's part of it).
 * Without a provider `chatModel` is null and the agents work
 * with their offline ports; nothing here pretends to be a model, except `echo`, which says so.
 */
export type { Access } from './credentials/credential.js';
export { CredentialChanged } from './credentials/credential.events.js';
export { CredentialService, type NoAccess } from './credentials/credential.service.js';
export { type CredentialUse, CredentialUses } from './credentials/credential-uses.js';
export { withQuery } from './credentials/credential.tester.js';
export {
  ChatModel,
  type ChatMessage,
  type ChatPurpose,
  type ChatRequest,
  type ChatResult,
  type StructuredResult,
} from './chat-model.port.js';
export { Embedder, type EmbeddingKind, type EmbeddingSpace } from './embedder.port.js';
export { EndpointPace, isPassingFault } from './endpoint-pace.js';
export type { LlmUsage, MeteredCall, UsageEntry, UsageSink } from './llm-usage.js';
export { EmbedderUnavailableError, LlmError, LlmTimeoutError, type LlmDeadline } from './llm.errors.js';
export { LlmModule } from './llm.module.js';
export { LlmService, type LlmInfo } from './llm.service.js';
export { LocalEmbedder } from './local.embedder.js';
export { CREDENTIAL_PURPOSE, credentialSealedFor, SEALED_CREDENTIALS } from './credentials/sealed-credentials.js';
export { forgetUser, insertUsage, recordUsage, usageRow, type UsageInsert, type UsageRow } from './usage-record.js';
