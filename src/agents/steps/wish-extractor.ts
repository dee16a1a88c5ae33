import type { RecordCatalog, Wishes } from '#rag';
import type { AgentDefinition } from '../catalog/agent.types.js';
import type { HistoryMessage } from '../turn/turn.types.js';

export interface WishRequest {
  readonly agent: AgentDefinition;
  /** Agents of the same kind that this caller may not use: what belongs to them cannot be asked here. */
  readonly others: readonly AgentDefinition[];
  readonly text: string;
  readonly history: readonly HistoryMessage[];
  /** What the agent's records are about. */
  readonly catalog: RecordCatalog;
}

export interface ExtractedWishes extends Wishes {
  /** True: asks for what only another persona can see. */
  readonly elsewhere: boolean;
}

/** Finds out what a message asks of records: conditions on their fields, a number, an order. */
export abstract class WishExtractor {
  /** @returns the wishes that are in force now, those of earlier messages that it goes on from included */
  abstract extract(request: WishRequest, signal: AbortSignal): Promise<ExtractedWishes>;
}
