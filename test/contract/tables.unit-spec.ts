import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform/paths';

/** The module that owns each table: it alone writes it, and decides what its columns mean. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  'platform/blobs': ['blob', 'blob_chunk'],
  'platform/http': ['idempotency_key'],
  'platform/outbox': ['outbox'],
  tenants: ['tenant', 'tenant_origin', 'entitlement', 'audit_event', 'budget', 'budget_reservation'],
  auth: ['principal', 'ended_identity', 'session', 'api_key', 'recovery', 'invitation', 'trusted_issuer'],
  admin: ['job'],
  llm: ['credential', 'usage_record'],
  tools: ['tool', 'tool_call'],
  rag: ['knowledge_base', 'embedding_space', 'document', 'chunk', 'chunk_vector', 'chunk_term', 'term_stat'],
  agents: ['agent', 'agent_tool'],
  conversations: ['conversation', 'message', 'turn', 'turn_live', 'feedback'],
  escalations: [
    ...[
      'escalation',
      'supporter_presence',
      'escalation_note',
      'conversation_rating',
      'canned_reply',
      'escalation_rules',
    ],
  ],
  widget: ['widget', 'visitor'],
  webhooks: ['webhook', 'webhook_delivery'],
};

/** Who reads another module's table in a query of its own, and why asking the owner would cost a round trip where it counts. */
const READERS: Readonly<Record<string, readonly [tables: readonly string[], why: string]>> = {
  'src/agents/catalog/agent.repository.ts': [
    ['tool', 'entitlement', 'knowledge_base'],
    'an agent with what it may use, in one statement',
  ],
  'src/agents/kinds/domain/caller.repository.ts': [
    ['principal'],
    'what an agent may say of who is asking, once a turn',
  ],
  'src/agents/kinds/matching/profile.repository.ts': [['principal'], 'whose profile is matched, once a turn'],
  'src/auth/principals/principal.repository.ts': [['tenant'], 'login: the person and whether the tenant is suspended'],
  'src/auth/sessions/session.repository.ts': [
    ['tenant', 'widget'],
    'each request: the session, whether the tenant is suspended, and which pages may speak for it',
  ],
  'src/channels/presence/presence.repository.ts': [
    ['principal'],
    'that a user id exists, before it is told apart from none',
  ],
  'src/conversations/store/conversation.repository.ts': [
    ['principal'],
    'what somebody is called who is typing, for those who do not know yet',
  ],
  'src/admin/analytics/analytics.repository.ts': [
    ['conversation', 'turn', 'message', 'feedback', 'escalation', 'conversation_rating', 'tool_call'],
    'figures over all of them at once, for whoever runs the tenant',
  ],
  'src/escalations/store/escalation.repository.ts': [
    ['conversation', 'principal'],
    'who waits and who has it, by their names, in lists for supporters; and whether a supporter still is one',
  ],
  'src/escalations/store/presence.repository.ts': [
    ['principal'],
    'whether who said that they are there may still answer people: nobody else is given a conversation',
  ],
  'src/conversations/staff/staff-conversation.repository.ts': [
    ['principal'],
    'whose conversation it is, in a list for staff',
  ],
  'src/conversations/rest/conversation.service.ts': [
    ['chunk'],
    'the passage of a citation, if the reader may still see it',
  ],
  'src/conversations/store/turn.sql.ts': [
    ['tenant', 'outbox'],
    'no turn of a suspended tenant is begun, and what a turn asks of others is written, by the statement itself',
  ],
  'src/conversations/store/turn.repository.ts': [
    ['session'],
    'held while a visitor begins a conversation, which would be nobody’s if it ended meanwhile',
  ],
  'src/llm/reports/usage.repository.ts': [['turn'], 'which agent a cost belongs to'],
  'src/tenants/limits/budget.repository.ts': [['usage_record'], 'what was spent before a budget was there'],
  'src/rag/ingestion/ingestion.repository.ts': [['tenant'], 'no document of a suspended tenant is worked on'],
  'src/rag/documents/document.repository.ts': [['principal'], 'that a document’s owner is of this tenant'],
  'src/rag/knowledge-bases/knowledge-base.repository.ts': [['agent'], 'a base that agents answer from is not deleted'],
  'src/widget/sessions/visitor.expiry.ts': [
    ['principal', 'conversation'],
    'a visitor who never wrote goes with the principal, in one statement',
  ],
  'src/tenants/audit/audit-log.repository.ts': [['principal'], 'the address of who did it, as long as they are there'],
};

function sourcesOf(folder: string): string[] {
  return readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
    .map((file) => `${folder}/${file}`);
}

function tablesIn(text: string): string[] {
  const inSql = [...text.matchAll(/\bapp\.([a-z_]+)\b(?!\()/g)].map((match) => match[1] ?? '');
  const inEntities = [...text.matchAll(/schema: 'app', name: '([a-z_]+)'/g)].map((match) => match[1] ?? '');
  return [...inSql, ...inEntities];
}

describe('tables', () => {
  const migration = sourcesOf('migrations')
    .map((file) => readFileSync(join(projectRoot, file), 'utf8'))
    .join('\n');
  const tables = [...migration.matchAll(/CREATE (?:UNLOGGED )?TABLE app\.([a-z_]+) \(/g)].map(
    (match) => match[1] ?? '',
  );
  const ownerOf = new Map(Object.entries(OWNERS).flatMap(([owner, own]) => own.map((table) => [table, owner])));

  it('have one owner each', () => {
    expect([...ownerOf.keys()].sort()).toEqual([...new Set(tables)].sort());
  });

  it('are named in the SQL and entities of their owner only, but for the readers above', () => {
    const strangers = new Set<string>();
    for (const file of sourcesOf('src')) {
      for (const table of tablesIn(readFileSync(join(projectRoot, file), 'utf8'))) {
        const owner = ownerOf.get(table);
        if (owner !== undefined && !file.startsWith(`src/${owner}/`)) strangers.add(`${file}: ${table}`);
      }
    }
    const listed = Object.entries(READERS).flatMap(([file, [tables]]) => tables.map((table) => `${file}: ${table}`));
    // Also a reader that is gone leaves the list.
    expect([...strangers].sort()).toEqual(listed.sort());
  });
});
