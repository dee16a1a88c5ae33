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

/** Records that were shown before and are asked about now. */
export interface Pointed {
  /** None: it is about no one of them. */
  readonly documentIds: readonly string[];
  /** Fields that are asked for; none: what there is. */
  readonly fields: readonly string[];
  /** How long the list was that is meant; null when none is. */
  readonly listed: number | null;
}

export interface ExtractedWishes extends Wishes {
  readonly pointed: Pointed;
  /** More is asked for: documents that were shown already; null: it is not. */
  readonly except: readonly string[] | null;
  /** The message that says what is sought, where this one only asks for more of it. */
  readonly text: string;
  /** True: asks for what only another persona can see. */
  readonly elsewhere: boolean;
}

/** Finds out what a message asks of records: conditions on their fields, a number, an order. */
export abstract class WishExtractor {
  /** @returns the wishes that are in force now, those of earlier messages that it goes on from included */
  abstract extract(request: WishRequest, signal: AbortSignal): Promise<ExtractedWishes>;
}
