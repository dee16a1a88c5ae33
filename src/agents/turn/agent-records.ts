import type { RequestContext } from '#platform/context';
import type { RecordCatalog } from '#rag';
import type { AgentDefinition } from '../catalog/agent.types.js';

/** What `rag` knows of a base of records. */
export interface RecordSource {
  catalog(ctx: RequestContext, knowledgeBaseId: string): Promise<RecordCatalog | null>;
}

/** What the records of a turn's agents are about. */
export class AgentRecords {
  constructor(
    private readonly source: RecordSource,
    private readonly ctx: RequestContext,
  ) {}

  /**
   * @returns null when the agent has no records
   * @throws UnavailableError when the database is away
   */
  async of(agent: AgentDefinition): Promise<RecordCatalog | null> {
    const base = recordsBaseOf(agent);
    return base === null ? null : this.source.catalog(this.ctx, base);
  }

  /** For routing, which can do without. */
  async ifReadable(agent: AgentDefinition): Promise<RecordCatalog | null> {
    try {
      return agent.kind === 'matching' ? await this.of(agent) : null;
    } catch {
      return null;
    }
  }
}

/** The base that a matching agent's records are in. */
export function recordsBaseOf({ knowledgeBaseIds, settings }: AgentDefinition): string | null {
  const id = settings['knowledge_base_id'] ?? knowledgeBaseIds[0];
  return typeof id === 'string' ? id : null;
}
