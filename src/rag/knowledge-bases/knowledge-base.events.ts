/** A knowledge base was made, changed or deleted: whoever remembers it reads it again. */
export class KnowledgeBaseChanged {
  constructor(
    readonly tenantId: string,
    readonly knowledgeBaseId: string,
  ) {}
}
