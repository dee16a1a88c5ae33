/**
 * Owns everything between the product and a model provider: the two ports (`ChatModel`, `Embedder`), their adapters,
 * connections, deadlines, retries, keys and what a call cost.
 *
 *   agents ─ LlmService.chatModel(ctx) ─▶ ChatModel ─▶ fast reader ──┐
 *                                            └────▶ LangChain ───────┴▶ ProviderConnection ─▶ provider
 *   rag ─── LlmService.embedder() ──────▶ Embedder ─▶ local (no network) | openai | transformers
 *
 * Text comes back through the callback of `ChatModel.stream`, synchronously and in order; usage comes back with the
 * result and is written by the caller's own transaction. Without a provider `chatModel` is null and the agents work
 * with their offline ports; nothing here pretends to be a model, except `echo`, which says so.
 */
export {
  ChatModel,
  type ChatMessage,
  type ChatPurpose,
  type ChatRequest,
  type ChatResult,
  type LlmUsage,
  type StructuredResult,
} from './chat-model.port.js';
export { Embedder, type EmbeddingSpace } from './embedder.port.js';
export { EndpointPace, isPassingFault } from './endpoint-pace.js';
export { EmbedderUnavailableError, LlmError, LlmTimeoutError, type LlmDeadline } from './llm.errors.js';
export { LlmModule } from './llm.module.js';
export { LlmService, type LlmInfo } from './llm.service.js';
export { LocalEmbedder } from './local.embedder.js';
export { estimateTokens } from './usage.js';
