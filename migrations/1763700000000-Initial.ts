import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The first schema. Rules it keeps (DESIGN §3, judged by test/contract/catalog.int-spec.ts):
 *  - the tenant leads every primary, unique and foreign key (exceptions: `tenant`, the queue's schema, the migrations table);
 *  - every tenant table forces row level security; nothing but the migrating owner owns a table;
 *  - four roles: `switchboard_none` (default of every session, may do nothing), `switchboard_app` (set by a unit of work,
 *    sees one tenant), `switchboard_lookup` (owns the few functions that run before a tenant is known; ids only),
 *    and `switchboard_queue` (uses pg-boss's schema).
 */
export class Initial1763700000000 implements MigrationInterface {
  async up(runner: QueryRunner): Promise<void> {
    await runner.query(SCHEMAS);
    await runner.query(FUNCTIONS_BEFORE);
    await runner.query(TENANTS);
    await runner.query(IDENTITY);
    await runner.query(AGENTS);
    await runner.query(WIDGETS);
    await runner.query(KNOWLEDGE);
    await runner.query(BLOBS);
    await runner.query(CONVERSATIONS);
    await runner.query(PEOPLE);
    await runner.query(OPERATIONS);
    await runner.query(WEBHOOKS);
    await runner.query(vectorIndexes());
    await runner.query(ROW_SECURITY);
    await runner.query(EXPIRY);
    await runner.query(sealedOtherwise('app.widget', 'app.tenants_of_widgets_sealed_otherwise'));
    await runner.query(sealedOtherwise('app.webhook', 'app.tenants_of_webhooks_sealed_otherwise'));
    await runner.query(sealedOtherwise('app.credential', 'app.tenants_of_credentials_sealed_otherwise'));
    await runner.query(sealedOtherwise('app.idempotency_key', 'app.tenants_of_answers_sealed_otherwise'));
    await runner.query(LOOKUPS);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP SCHEMA app CASCADE');
    await runner.query('DROP SCHEMA IF EXISTS pgboss CASCADE');
  }
}

/** The working roles are there already: they belong to the whole cluster (platform/migration). */
const SCHEMAS = `
CREATE EXTENSION IF NOT EXISTS vector;
CREATE SCHEMA IF NOT EXISTS app;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO switchboard_app, switchboard_lookup;
REVOKE ALL ON SCHEMA app FROM PUBLIC;
GRANT USAGE ON SCHEMA app TO switchboard_app, switchboard_lookup;
CREATE SCHEMA IF NOT EXISTS pgboss;
REVOKE ALL ON SCHEMA pgboss FROM PUBLIC;
`;

/** '' and not NULL is what a finished SET LOCAL leaves behind, hence NULLIF. STABLE, so a policy reads it once a query. */
const FUNCTIONS_BEFORE = `
CREATE FUNCTION app.current_tenant() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE
  AS $$ SELECT NULLIF(current_setting('app.tenant_id', true), '')::uuid $$;
`;

const TENANTS = `
CREATE TABLE app.tenant (
  id uuid PRIMARY KEY,
  slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z][a-z0-9-]{1,38}$'),
  name text NOT NULL,
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'suspended')),
  settings jsonb NOT NULL DEFAULT '{}',
  -- What the settings say of retention, for the look-ups of what is too old: they may not read the settings.
  conversations_kept_days integer GENERATED ALWAYS AS (CASE
    WHEN jsonb_typeof(settings #> '{retention,conversations_days}') = 'number'
      AND (settings #> '{retention,conversations_days}')::numeric >= 1
    THEN (settings #> '{retention,conversations_days}')::integer END) STORED,
  traces_kept_days integer GENERATED ALWAYS AS (CASE
    WHEN jsonb_typeof(settings #> '{retention,traces_days}') = 'number'
      AND (settings #> '{retention,traces_days}')::numeric >= 1
    THEN (settings #> '{retention,traces_days}')::integer END) STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX tenant_conversations_kept_idx ON app.tenant (id) WHERE conversations_kept_days IS NOT NULL;
-- Which browser origins a tenant's settings list, so that an origin is found without a look at every tenant.
CREATE TABLE app.tenant_origin (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  origin text NOT NULL,
  PRIMARY KEY (tenant_id, origin)
);
CREATE INDEX tenant_origin_origin_idx ON app.tenant_origin (origin);
CREATE FUNCTION app.keep_tenant_origins() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
  AS $$
DECLARE listed text[] := CASE jsonb_typeof(NEW.settings -> 'allowed_origins')
  WHEN 'array' THEN ARRAY(SELECT jsonb_array_elements_text(NEW.settings -> 'allowed_origins')) ELSE '{}' END;
BEGIN
  DELETE FROM app.tenant_origin o WHERE o.tenant_id = NEW.id AND o.origin <> ALL (listed);
  INSERT INTO app.tenant_origin (tenant_id, origin) SELECT NEW.id, unnest(listed) ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE TRIGGER keep_tenant_origins AFTER INSERT OR UPDATE OF settings ON app.tenant
  FOR EACH ROW EXECUTE FUNCTION app.keep_tenant_origins();

CREATE TABLE app.entitlement (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  agents text[],
  tools text[],
  models text[],
  features text[],
  limits jsonb NOT NULL DEFAULT '{}',
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id)
);
`;

const IDENTITY = `
CREATE TABLE app.principal (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('staff', 'end_user', 'visitor', 'api_key', 'visit')),
  email text,
  external_id text,
  name text NOT NULL DEFAULT '',
  role text NOT NULL CHECK (role IN ('platform_admin', 'tenant_admin', 'supporter', 'end_user', 'visitor')),
  persona text,
  password_hash text,
  attributes jsonb NOT NULL DEFAULT '{}',
  disabled_at timestamptz,
  deleted_at timestamptz,
  claims_as_of timestamptz NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX principal_email_key ON app.principal (tenant_id, lower(email)) WHERE email IS NOT NULL;
CREATE UNIQUE INDEX principal_external_id_key ON app.principal (tenant_id, external_id) WHERE external_id IS NOT NULL;

-- Whom an issuer's token from before may not bring back, by a digest of what it calls them.
CREATE TABLE app.ended_identity (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  digest bytea NOT NULL,
  ended_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, digest)
);

CREATE TABLE app.session (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  principal_id uuid NOT NULL,
  refresh_hash bytea NOT NULL,
  previous_refresh_hash bytea,
  rotated_at timestamptz,
  api_key_id uuid,
  issuer_id uuid,
  widget_id uuid,
  user_agent text,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES app.principal (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX session_principal_idx ON app.session (tenant_id, principal_id);
CREATE INDEX session_api_key_idx ON app.session (tenant_id, api_key_id) WHERE api_key_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX session_issuer_idx ON app.session (tenant_id, issuer_id) WHERE issuer_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX session_widget_idx ON app.session (tenant_id, widget_id) WHERE widget_id IS NOT NULL AND revoked_at IS NULL;
CREATE INDEX session_ended_idx ON app.session (least(expires_at, revoked_at));

CREATE TABLE app.api_key (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL,
  key_hash bytea NOT NULL,
  last4 text NOT NULL,
  role text NOT NULL,
  scopes text[] NOT NULL,
  created_by uuid,
  parent_id uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  expires_at timestamptz,
  revoked_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, key_hash)
);
CREATE INDEX api_key_maker_idx ON app.api_key (tenant_id, created_by) WHERE revoked_at IS NULL;

CREATE TABLE app.recovery (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  principal_id uuid NOT NULL,
  secret_hash bytea NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, principal_id),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES app.principal (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.invitation (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  email text NOT NULL,
  role text NOT NULL,
  persona text,
  secret_hash bytea NOT NULL,
  invited_by uuid,
  accepted_by uuid,
  accepted_at timestamptz,
  revoked_at timestamptz,
  expires_at timestamptz NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE UNIQUE INDEX invitation_open_key ON app.invitation (tenant_id, email) WHERE accepted_at IS NULL AND revoked_at IS NULL;

CREATE TABLE app.trusted_issuer (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  issuer text NOT NULL,
  audience text[] NOT NULL CHECK (audience <> '{}'),
  jwks_url text,
  public_key text,
  algorithms text[] NOT NULL CHECK (algorithms <> '{}'),
  claims jsonb NOT NULL DEFAULT '{}',
  roles text[] NOT NULL CHECK (roles <> '{}'),
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, issuer),
  CHECK ((jwks_url IS NULL) <> (public_key IS NULL))
);
CREATE INDEX trusted_issuer_lookup_idx ON app.trusted_issuer (issuer);

CREATE TABLE app.credential (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('provider', 'header', 'basic')),
  provider text CHECK ((kind = 'provider') = (provider IS NOT NULL)),
  base_url text NOT NULL,
  header text,
  query text,
  scheme text,
  username text,
  sealed bytea NOT NULL,
  sealed_key bytea GENERATED ALWAYS AS (substr(sealed, 2, 4)) STORED,
  last4 text NOT NULL,
  tested_at timestamptz,
  test_error text,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name)
);
CREATE INDEX credential_sealed_idx ON app.credential (sealed_key, tenant_id) WHERE sealed_key IS NOT NULL;
`;

const AGENTS = `
CREATE TABLE app.agent (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  key text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_-]{0,62}$'),
  kind text NOT NULL CHECK (kind IN ('domain', 'knowledge', 'writer', 'matching')),
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  instructions text NOT NULL DEFAULT '',
  answer_template text,
  examples text[] NOT NULL DEFAULT '{}',
  personas text[] NOT NULL DEFAULT '{}',
  knowledge_base_ids uuid[] NOT NULL DEFAULT '{}',
  settings jsonb NOT NULL DEFAULT '{}',
  enabled boolean NOT NULL DEFAULT true,
  position integer NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, key)
);

CREATE TABLE app.tool (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  key text NOT NULL CHECK (key ~ '^[a-z][a-z0-9_-]{0,62}$'),
  kind text NOT NULL CHECK (kind IN ('http', 'builtin', 'mcp')),
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  input_schema jsonb NOT NULL DEFAULT '{"type":"object","properties":{}}',
  config jsonb NOT NULL DEFAULT '{}',
  read_only boolean NOT NULL DEFAULT false,
  idempotent boolean NOT NULL DEFAULT false,
  requires_approval boolean NOT NULL DEFAULT false,
  personas text[] NOT NULL DEFAULT '{}',
  credential_id uuid,
  enabled boolean NOT NULL DEFAULT true,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, key),
  FOREIGN KEY (tenant_id, credential_id) REFERENCES app.credential (tenant_id, id)
);
CREATE INDEX tool_credential_idx ON app.tool (tenant_id, credential_id) WHERE credential_id IS NOT NULL;

CREATE TABLE app.agent_tool (
  tenant_id uuid NOT NULL,
  agent_id uuid NOT NULL,
  tool_id uuid NOT NULL,
  position integer NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, agent_id, tool_id),
  FOREIGN KEY (tenant_id, agent_id) REFERENCES app.agent (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, tool_id) REFERENCES app.tool (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX agent_tool_tool_idx ON app.agent_tool (tenant_id, tool_id);
`;

/**
 * Vectors stand apart from chunks so that two embedding spaces can exist side by side while a knowledge base is
 * re-embedded. The column has no dimension of its own: the index of each supported dimension is an expression index.
 */
const WIDGETS = `
CREATE TABLE app.widget (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  public_key text NOT NULL,
  name text NOT NULL,
  origins text[] NOT NULL DEFAULT '{}',
  enabled boolean NOT NULL DEFAULT true,
  agent text,
  identity text NOT NULL DEFAULT 'optional' CHECK (identity IN ('optional', 'required')),
  appearance jsonb NOT NULL DEFAULT '{}',
  texts jsonb NOT NULL DEFAULT '{}',
  questions text[] NOT NULL DEFAULT '{}',
  attachments boolean NOT NULL DEFAULT false,
  limits jsonb NOT NULL DEFAULT '{}',
  sealed bytea NOT NULL,
  sealed_key bytea GENERATED ALWAYS AS (substr(sealed, 2, 4)) STORED,
  last4 text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name),
  UNIQUE (tenant_id, public_key),
  FOREIGN KEY (tenant_id, agent) REFERENCES app.agent (tenant_id, key) ON DELETE SET NULL (agent)
);
CREATE INDEX widget_agent_idx ON app.widget (tenant_id, agent) WHERE agent IS NOT NULL;
CREATE INDEX widget_sealed_key_idx ON app.widget (sealed_key, tenant_id);
CREATE INDEX widget_origin_idx ON app.widget USING gin (origins) WHERE enabled;

-- What opens an anonymous visitor's earlier conversations, by a digest. Moved: they belong to a person now, and it opens nothing.
-- Nor does it without the widget: the row then waits for the sweep, which takes those with it who never wrote.
CREATE TABLE app.visitor (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  widget_id uuid,
  token_hash bytea NOT NULL,
  moved_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_seen_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, id) REFERENCES app.principal (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, widget_id) REFERENCES app.widget (tenant_id, id) ON DELETE SET NULL (widget_id)
);
CREATE INDEX visitor_widget_idx ON app.visitor (tenant_id, widget_id);
CREATE INDEX visitor_due_idx ON app.visitor ((CASE WHEN widget_id IS NULL THEN timestamptz '-infinity' ELSE last_seen_at END));
`;

const KNOWLEDGE = `
CREATE TABLE app.embedding_space (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  provider text NOT NULL,
  model text NOT NULL,
  dimensions integer NOT NULL CHECK (dimensions BETWEEN 1 AND 16000),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, provider, model, dimensions)
);

CREATE TABLE app.knowledge_base (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL DEFAULT 'documents' CHECK (kind IN ('documents', 'records')),
  name text NOT NULL,
  description text NOT NULL DEFAULT '',
  language text NOT NULL DEFAULT 'en',
  chunk_size integer NOT NULL DEFAULT 350 CHECK (chunk_size BETWEEN 50 AND 4000),
  chunk_overlap integer NOT NULL DEFAULT 50 CHECK (chunk_overlap >= 0 AND chunk_overlap < chunk_size),
  top_k integer CHECK (top_k BETWEEN 1 AND 50),
  space_id uuid NOT NULL,
  settings jsonb NOT NULL DEFAULT '{}',
  document_count integer NOT NULL DEFAULT 0,
  chunk_count integer NOT NULL DEFAULT 0,
  term_total bigint NOT NULL DEFAULT 0,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, name),
  FOREIGN KEY (tenant_id, space_id) REFERENCES app.embedding_space (tenant_id, id)
);

CREATE TABLE app.document (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  knowledge_base_id uuid NOT NULL,
  owner_id uuid,
  personas text[] NOT NULL DEFAULT '{}',
  title text NOT NULL,
  source_type text NOT NULL CHECK (source_type IN ('file', 'text', 'url', 'record')),
  source_url text,
  mime_type text NOT NULL,
  file_name text,
  size bigint NOT NULL DEFAULT 0,
  content_hash bytea,
  status text NOT NULL DEFAULT 'queued'
    CHECK (status IN ('queued', 'parsing', 'chunking', 'embedding', 'ready', 'failed')),
  progress real NOT NULL DEFAULT 0,
  chunk_count integer NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  held boolean NOT NULL DEFAULT false,
  claim_id uuid,
  heartbeat_at timestamptz,
  strikes integer NOT NULL DEFAULT 0,
  wait_reason text,
  wait_until timestamptz,
  trouble_since timestamptz,
  error jsonb,
  metadata jsonb NOT NULL DEFAULT '{}',
  record jsonb,
  created_by uuid,
  deleted_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES app.knowledge_base (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, owner_id) REFERENCES app.principal (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX document_knowledge_base_idx ON app.document (tenant_id, knowledge_base_id, id);
CREATE INDEX document_owner_idx ON app.document (tenant_id, owner_id) WHERE owner_id IS NOT NULL;
CREATE INDEX document_unfinished_idx ON app.document (tenant_id, id) WHERE status NOT IN ('ready', 'failed');
CREATE INDEX document_held_idx ON app.document (tenant_id) WHERE held;
CREATE INDEX document_deleted_idx ON app.document (tenant_id, id) WHERE deleted_at IS NOT NULL;

CREATE TABLE app.chunk (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  knowledge_base_id uuid NOT NULL,
  document_id uuid NOT NULL,
  owner_id uuid,
  personas text[] NOT NULL DEFAULT '{}',
  ordinal integer NOT NULL,
  page integer,
  section text,
  content text NOT NULL,
  term_count integer NOT NULL DEFAULT 0,
  searchable boolean NOT NULL DEFAULT false,
  counted boolean NOT NULL DEFAULT false,
  metadata jsonb NOT NULL DEFAULT '{}',
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, document_id, ordinal),
  FOREIGN KEY (tenant_id, document_id) REFERENCES app.document (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX chunk_knowledge_base_idx ON app.chunk (tenant_id, knowledge_base_id);

CREATE TABLE app.chunk_vector (
  tenant_id uuid NOT NULL,
  space_id uuid NOT NULL,
  chunk_id uuid NOT NULL,
  knowledge_base_id uuid NOT NULL,
  dims integer NOT NULL,
  embedding vector NOT NULL,
  PRIMARY KEY (tenant_id, space_id, chunk_id),
  FOREIGN KEY (tenant_id, chunk_id) REFERENCES app.chunk (tenant_id, id) ON DELETE CASCADE,
  CHECK (vector_dims(embedding) = dims)
) PARTITION BY HASH (tenant_id);
DO $$ BEGIN
  FOR part IN 0..7 LOOP
    EXECUTE format('CREATE TABLE app.chunk_vector_p%s PARTITION OF app.chunk_vector FOR VALUES WITH (MODULUS 8, REMAINDER %s)', part, part);
  END LOOP;
END $$;
CREATE INDEX chunk_vector_chunk_idx ON app.chunk_vector (tenant_id, chunk_id);
CREATE INDEX chunk_vector_knowledge_base_idx ON app.chunk_vector (tenant_id, space_id, knowledge_base_id);

CREATE TABLE app.chunk_term (
  tenant_id uuid NOT NULL,
  knowledge_base_id uuid NOT NULL,
  term text COLLATE "C" NOT NULL,
  chunk_id uuid NOT NULL,
  tf integer NOT NULL CHECK (tf > 0),
  PRIMARY KEY (tenant_id, knowledge_base_id, term, chunk_id) INCLUDE (tf),
  FOREIGN KEY (tenant_id, chunk_id) REFERENCES app.chunk (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX chunk_term_chunk_idx ON app.chunk_term (tenant_id, chunk_id);

CREATE TABLE app.term_stat (
  tenant_id uuid NOT NULL,
  knowledge_base_id uuid NOT NULL,
  term text COLLATE "C" NOT NULL,
  df integer NOT NULL,
  PRIMARY KEY (tenant_id, knowledge_base_id, term),
  FOREIGN KEY (tenant_id, knowledge_base_id) REFERENCES app.knowledge_base (tenant_id, id) ON DELETE CASCADE
);
`;

/**
 * Files in rows, for databases that several instances share. A blob without a size is still being written; one that is
 * \`loose\` belongs to nothing yet (or no more) and goes after a while. Pieces are stored as they come: files are packed already.
 */
const BLOBS = `
CREATE TABLE app.blob (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  purpose text NOT NULL CHECK (purpose ~ '^[a-z]{1,30}$'),
  id uuid NOT NULL,
  size bigint,
  sha256 bytea,
  loose_since timestamptz DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, purpose, id)
);
CREATE INDEX blob_loose_idx ON app.blob (loose_since) WHERE loose_since IS NOT NULL;

CREATE TABLE app.blob_chunk (
  tenant_id uuid NOT NULL,
  purpose text NOT NULL,
  blob_id uuid NOT NULL,
  ordinal integer NOT NULL,
  bytes bytea NOT NULL,
  PRIMARY KEY (tenant_id, purpose, blob_id, ordinal),
  FOREIGN KEY (tenant_id, purpose, blob_id) REFERENCES app.blob (tenant_id, purpose, id) ON DELETE CASCADE
);
ALTER TABLE app.blob_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;
`;

/**
 * A message's \`state\`: 'pending' while its turn runs, 'final' once the turn completed, 'partial' of a cancelled turn
 * (kept, not shown to the model), 'discarded' of a failed one (never listed; a repeat revives it), 'noted' what a person left
 * for the agent (shown to the model, never listed).
 * A conversation is \`failed_only\` when its last turn failed as all before it had, and none is open: it is not listed. Its
 * \`last_interaction_at\` has milliseconds, as clients see it, so that a cursor and the index compare the same.
 *
 * A turn that waits has no lease: its row holds all that any instance needs to run it (\`request\`: principal, agent, reader's
 * wish on disconnect). A running one is held by \`lease_owner\` under \`fence\`, which grows with each claim and refuses stale
 * writers in the commit; \`start\` counts how often it was begun. No index holds \`lease_until\`, so that renewing it stays a
 * heap-only update. \`seq\` is its question's number, \`end_seq\` that of its answer or error (\`done\` has the next one): the
 * frames of an ended turn are made from these rows. \`turn_live\` is the text so far of a turn that another instance follows
 * where the bus carries ids only; losing it loses nothing.
 */
const CONVERSATIONS = `
CREATE TABLE app.conversation (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  principal_id uuid NOT NULL,
  client_key text,
  channel text NOT NULL DEFAULT 'websocket',
  persona text,
  title text NOT NULL,
  title_source text NOT NULL DEFAULT 'default' CHECK (title_source IN ('default', 'automatic', 'user')),
  status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'ended')),
  owner text NOT NULL DEFAULT 'agent' CHECK (owner IN ('agent', 'human')),
  owner_epoch bigint NOT NULL DEFAULT 0,
  summary text,
  message_count integer NOT NULL DEFAULT 0,
  last_seq bigint NOT NULL DEFAULT 0,
  metadata jsonb NOT NULL DEFAULT '{}',
  failed_only boolean NOT NULL DEFAULT false,
  last_interaction_at timestamptz(3) NOT NULL DEFAULT now(),
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, principal_id, client_key),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES app.principal (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX conversation_recent_idx ON app.conversation (tenant_id, principal_id, last_interaction_at DESC, id DESC)
  WHERE message_count > 0 OR NOT failed_only;
CREATE INDEX conversation_staff_idx ON app.conversation (tenant_id, last_interaction_at DESC, id DESC)
  WHERE message_count > 0 OR NOT failed_only;
CREATE INDEX conversation_failed_idx ON app.conversation (last_seq) WHERE failed_only AND message_count = 0;

CREATE TABLE app.message (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  turn_id uuid,
  principal_id uuid,
  seq bigint NOT NULL,
  role text NOT NULL CHECK (role IN ('user', 'assistant', 'supporter', 'system')),
  state text NOT NULL DEFAULT 'final' CHECK (state IN ('pending', 'final', 'partial', 'discarded', 'noted')),
  content text NOT NULL,
  payloads jsonb NOT NULL DEFAULT '[]',
  tokens_used integer,
  metadata jsonb NOT NULL DEFAULT '{}',
  client_message_id uuid,
  fingerprint bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, conversation_id, seq),
  UNIQUE (tenant_id, principal_id, client_message_id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES app.conversation (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.turn (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  principal_id uuid NOT NULL,
  message_id uuid NOT NULL,
  answer_id uuid NOT NULL,
  status text NOT NULL
    CHECK (status IN ('queued', 'running', 'input_required', 'completed', 'failed', 'cancelled', 'handed_off')),
  attempt integer NOT NULL DEFAULT 1,
  start integer NOT NULL DEFAULT 0,
  content text NOT NULL,
  request jsonb NOT NULL DEFAULT '{}',
  agent text,
  owner_epoch bigint NOT NULL DEFAULT 0,
  accepted_by uuid NOT NULL,
  cancel_requested boolean NOT NULL DEFAULT false,
  lease_owner uuid,
  lease_until timestamptz,
  fence bigint NOT NULL DEFAULT 0,
  seq bigint NOT NULL,
  end_seq bigint,
  error jsonb,
  usage jsonb,
  timings jsonb,
  created_at timestamptz NOT NULL DEFAULT now(),
  started_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES app.conversation (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, message_id) REFERENCES app.message (tenant_id, id) ON DELETE CASCADE,
  CHECK ((status = 'running') <= (lease_owner IS NOT NULL AND lease_until IS NOT NULL))
) WITH (fillfactor = 85);
CREATE INDEX turn_conversation_idx ON app.turn (tenant_id, conversation_id, id DESC);
CREATE INDEX turn_end_idx ON app.turn (tenant_id, conversation_id, end_seq) WHERE end_seq IS NOT NULL;
CREATE INDEX turn_message_idx ON app.turn (tenant_id, message_id);
CREATE UNIQUE INDEX turn_one_running_key ON app.turn (tenant_id, conversation_id) WHERE status = 'running';
CREATE INDEX turn_open_idx ON app.turn (tenant_id, conversation_id, seq) WHERE status IN ('queued', 'running');

CREATE UNLOGGED TABLE app.turn_live (
  tenant_id uuid NOT NULL,
  turn_id uuid NOT NULL,
  fence bigint NOT NULL,
  revision bigint NOT NULL,
  state jsonb NOT NULL,
  text text NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, turn_id),
  FOREIGN KEY (tenant_id, turn_id) REFERENCES app.turn (tenant_id, id) ON DELETE CASCADE
);

CREATE TABLE app.feedback (
  tenant_id uuid NOT NULL,
  message_id uuid NOT NULL,
  principal_id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  rating text NOT NULL CHECK (rating IN ('up', 'down')),
  comment text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, message_id, principal_id),
  FOREIGN KEY (tenant_id, message_id) REFERENCES app.message (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, principal_id) REFERENCES app.principal (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX feedback_conversation_idx ON app.feedback (tenant_id, conversation_id);
CREATE INDEX feedback_principal_idx ON app.feedback (tenant_id, principal_id);

CREATE TABLE app.tool_call (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  turn_id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  message_id uuid NOT NULL,
  attempt integer NOT NULL,
  start integer NOT NULL,
  agent_key text NOT NULL,
  tool_key text NOT NULL,
  idempotency_key text NOT NULL,
  arguments jsonb NOT NULL,
  status text NOT NULL CHECK (status IN ('started', 'succeeded', 'failed', 'unknown')),
  result jsonb,
  error jsonb,
  started_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, idempotency_key),
  FOREIGN KEY (tenant_id, turn_id) REFERENCES app.turn (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX tool_call_turn_idx ON app.tool_call (tenant_id, turn_id);
CREATE INDEX tool_call_started_idx ON app.tool_call (tenant_id, started_at);
CREATE INDEX tool_call_message_idx ON app.tool_call (tenant_id, message_id, tool_key);
`;

/**
 * Wishes for a person. At most one of a conversation is open: it waits, or somebody has it. While it waits the agent goes on;
 * \`conversation.owner\` is 'human' exactly while one is assigned. A supporter is there whose presence says so and was seen lately.
 */
const PEOPLE = `
CREATE TABLE app.escalation (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  status text NOT NULL CHECK (status IN ('waiting', 'assigned', 'returned', 'resolved', 'closed')),
  cause text NOT NULL CHECK (cause IN ('requested', 'agent', 'failure', 'low_confidence', 'keyword', 'staff')),
  reason text NOT NULL DEFAULT '',
  skill text,
  language text,
  email text,
  contact_form boolean NOT NULL DEFAULT false,
  summary jsonb NOT NULL DEFAULT '{}',
  supporter_id uuid,
  turn_id uuid,
  waiting_since timestamptz NOT NULL DEFAULT now(),
  assigned_at timestamptz,
  first_reply_at timestamptz,
  ended_at timestamptz,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES app.conversation (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, supporter_id) REFERENCES app.principal (tenant_id, id) ON DELETE SET NULL (supporter_id),
  CHECK ((status = 'assigned') <= (assigned_at IS NOT NULL))
);
CREATE UNIQUE INDEX escalation_open_key ON app.escalation (tenant_id, conversation_id)
  WHERE status IN ('waiting', 'assigned');
CREATE INDEX escalation_queue_idx ON app.escalation (tenant_id, waiting_since, id) WHERE status = 'waiting';
CREATE INDEX escalation_supporter_idx ON app.escalation (tenant_id, supporter_id) WHERE status = 'assigned';
CREATE INDEX escalation_conversation_idx ON app.escalation (tenant_id, conversation_id, id DESC);

CREATE TABLE app.supporter_presence (
  tenant_id uuid NOT NULL,
  principal_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'offline' CHECK (status IN ('online', 'away', 'offline')),
  capacity integer NOT NULL DEFAULT 3 CHECK (capacity BETWEEN 1 AND 50),
  skills text[] NOT NULL DEFAULT '{}',
  languages text[] NOT NULL DEFAULT '{}',
  seen_at timestamptz NOT NULL DEFAULT now(),
  assigned_at timestamptz,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, principal_id),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES app.principal (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX supporter_presence_online_idx ON app.supporter_presence (seen_at) WHERE status <> 'offline';

CREATE TABLE app.escalation_note (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  escalation_id uuid NOT NULL,
  author_id uuid,
  content text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, escalation_id) REFERENCES app.escalation (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, author_id) REFERENCES app.principal (tenant_id, id) ON DELETE SET NULL (author_id)
);
CREATE INDEX escalation_note_idx ON app.escalation_note (tenant_id, escalation_id, id);
CREATE INDEX escalation_note_author_idx ON app.escalation_note (tenant_id, author_id);

CREATE TABLE app.conversation_rating (
  tenant_id uuid NOT NULL,
  conversation_id uuid NOT NULL,
  escalation_id uuid,
  score integer NOT NULL CHECK (score BETWEEN 1 AND 5),
  comment text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, conversation_id),
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES app.conversation (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX conversation_rating_time_idx ON app.conversation_rating (tenant_id, updated_at);

CREATE TABLE app.canned_reply (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  title text NOT NULL,
  content text NOT NULL,
  language text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id),
  UNIQUE (tenant_id, title)
);

CREATE TABLE app.escalation_rules (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  rules jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id)
);
`;

const OPERATIONS = `
CREATE TABLE app.usage_record (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  turn_id uuid,
  principal_id uuid,
  kind text NOT NULL CHECK (kind IN ('chat', 'embedding')),
  purpose text NOT NULL,
  provider text,
  model text NOT NULL,
  input_tokens integer NOT NULL DEFAULT 0,
  output_tokens integer NOT NULL DEFAULT 0,
  cost_usd numeric(14, 8),
  reckoned_usd numeric(14, 8) NOT NULL DEFAULT 0,
  estimated boolean NOT NULL DEFAULT false,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX usage_record_time_idx ON app.usage_record (tenant_id, created_at);

CREATE TABLE app.budget (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  period text NOT NULL CHECK (period IN ('day', 'month')),
  starts_on date NOT NULL,
  spent_usd numeric(18, 8) NOT NULL DEFAULT 0,
  PRIMARY KEY (tenant_id, period, starts_on)
);

CREATE TABLE app.budget_reservation (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  amount_usd numeric(18, 8) NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (tenant_id, id)
);

-- What was used is spent in the same commit, whoever writes it down. Tenants without a budget have no row here.
CREATE FUNCTION app.spend() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE used record;
BEGIN
  FOR used IN SELECT tenant_id, sum(reckoned_usd) AS usd FROM inserted GROUP BY tenant_id LOOP
    CONTINUE WHEN used.usd = 0;
    -- In the order in which a reservation takes them.
    PERFORM 1 FROM app.budget b WHERE b.tenant_id = used.tenant_id
        AND (b.period, b.starts_on) IN (('day', (clock_timestamp() AT TIME ZONE 'UTC')::date),
                                        ('month', date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date))
      ORDER BY b.period FOR UPDATE;
    CONTINUE WHEN NOT FOUND;
    UPDATE app.budget b SET spent_usd = b.spent_usd + used.usd WHERE b.tenant_id = used.tenant_id
        AND (b.period, b.starts_on) IN (('day', (clock_timestamp() AT TIME ZONE 'UTC')::date),
                                        ('month', date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date));
  END LOOP;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.spend() FROM PUBLIC;
CREATE TRIGGER usage_is_spent AFTER INSERT ON app.usage_record REFERENCING NEW TABLE AS inserted
  FOR EACH STATEMENT EXECUTE FUNCTION app.spend();

-- Turns go with their conversation, by whichever way; what they had reserved is free at once.
CREATE FUNCTION app.release_deleted() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  DELETE FROM app.budget_reservation r USING deleted d WHERE r.tenant_id = d.tenant_id AND r.id = d.id;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION app.release_deleted() FROM PUBLIC;
CREATE TRIGGER turn_is_released AFTER DELETE ON app.turn REFERENCING OLD TABLE AS deleted
  FOR EACH STATEMENT EXECUTE FUNCTION app.release_deleted();

CREATE TABLE app.audit_event (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  actor_id uuid,
  actor_role text,
  action text NOT NULL,
  target_type text,
  target_id text,
  details jsonb NOT NULL DEFAULT '{}',
  address text,
  correlation_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);

CREATE TABLE app.job (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('tenant.export', 'tenant.erase', 'user.export', 'user.erase')),
  target_id uuid NOT NULL,
  status text NOT NULL DEFAULT 'queued' CHECK (status IN ('queued', 'running', 'succeeded', 'failed', 'cancelled')),
  progress real NOT NULL DEFAULT 0,
  attempt integer NOT NULL DEFAULT 0,
  cancel_requested boolean NOT NULL DEFAULT false,
  heartbeat_at timestamptz,
  error jsonb,
  result jsonb,
  created_by uuid,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX job_open_idx ON app.job (id) WHERE status IN ('queued', 'running');
CREATE UNIQUE INDEX job_once_idx ON app.job (tenant_id, kind, target_id) WHERE status IN ('queued', 'running');

CREATE TABLE app.outbox (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  type text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  claimed_until timestamptz,
  processed_at timestamptz,
  -- For the tenant's own servers (app.publish): gone once it was handed on. Otherwise for a module of ours.
  outside boolean NOT NULL DEFAULT false,
  -- In which order the events of a conversation happened: its own numbers, which are a clock as well.
  position bigint NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint,
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX outbox_pending_idx ON app.outbox (created_at) WHERE processed_at IS NULL AND NOT outside;
CREATE INDEX outbox_outside_idx ON app.outbox (tenant_id, position, id) WHERE outside;
CREATE INDEX outbox_processed_idx ON app.outbox (processed_at) WHERE processed_at IS NOT NULL;

CREATE TABLE app.idempotency_key (
  tenant_id uuid NOT NULL,
  principal_id uuid NOT NULL,
  key text NOT NULL,
  request_hash bytea NOT NULL,
  status integer,
  sealed bytea,
  sealed_key bytea GENERATED ALWAYS AS (substr(sealed, 2, 4)) STORED,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, principal_id, key),
  FOREIGN KEY (tenant_id, principal_id) REFERENCES app.principal (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX idempotency_key_time_idx ON app.idempotency_key (created_at);
CREATE INDEX idempotency_key_sealed_idx ON app.idempotency_key (sealed_key, tenant_id) WHERE sealed_key IS NOT NULL;
`;

/**
 * What a tenant's own servers are told. Which facts are events is said here once, by the rows that hold them, so that nobody
 * who writes such a row can forget it; it costs a look at the tenant's few webhooks, in the commit of the fact itself.
 */
const WEBHOOKS = `
CREATE TABLE app.webhook (
  tenant_id uuid NOT NULL REFERENCES app.tenant (id) ON DELETE CASCADE,
  id uuid NOT NULL,
  url text NOT NULL,
  events text[] NOT NULL CHECK (events <> '{}'),
  enabled boolean NOT NULL DEFAULT true,
  failing_since timestamptz,
  disabled_at timestamptz,
  disabled_reason text,
  -- The secret, and for a day after it was replaced the one before.
  sealed bytea NOT NULL,
  sealed_key bytea GENERATED ALWAYS AS (substr(sealed, 2, 4)) STORED,
  last4 text NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  updated_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (tenant_id, id)
);
CREATE INDEX webhook_sealed_key_idx ON app.webhook (sealed_key, tenant_id);

-- One event on its way to one webhook, and what became of it. It goes with what it tells of.
CREATE TABLE app.webhook_delivery (
  tenant_id uuid NOT NULL,
  id uuid NOT NULL,
  webhook_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('event', 'redelivery', 'test')),
  event_id uuid NOT NULL,
  type text NOT NULL,
  body text NOT NULL,
  conversation_id uuid,
  document_id uuid,
  position bigint NOT NULL,
  -- Held: an earlier event of its conversation is still on its way to this webhook.
  status text NOT NULL CHECK (status IN ('held', 'pending', 'delivered', 'failed')),
  attempt integer NOT NULL DEFAULT 0,
  -- Of a delivery that is being tried: when somebody else tries it, should nothing be heard of it.
  next_attempt_at timestamptz,
  last_attempt_at timestamptz,
  response_status integer,
  response_text text,
  error text,
  duration_ms integer,
  created_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (tenant_id, id),
  FOREIGN KEY (tenant_id, webhook_id) REFERENCES app.webhook (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, conversation_id) REFERENCES app.conversation (tenant_id, id) ON DELETE CASCADE,
  FOREIGN KEY (tenant_id, document_id) REFERENCES app.document (tenant_id, id) ON DELETE CASCADE,
  CHECK ((status = 'pending') = (next_attempt_at IS NOT NULL)),
  CHECK ((status IN ('delivered', 'failed')) = (ended_at IS NOT NULL))
);
CREATE INDEX webhook_delivery_recent_idx ON app.webhook_delivery (tenant_id, webhook_id, id DESC);
CREATE INDEX webhook_delivery_due_idx ON app.webhook_delivery (tenant_id, webhook_id, next_attempt_at) WHERE status = 'pending';
CREATE INDEX webhook_delivery_order_idx ON app.webhook_delivery (tenant_id, webhook_id, conversation_id, position, id)
  WHERE kind = 'event' AND status IN ('held', 'pending');
CREATE INDEX webhook_delivery_conversation_idx ON app.webhook_delivery (tenant_id, conversation_id) WHERE conversation_id IS NOT NULL;
CREATE INDEX webhook_delivery_document_idx ON app.webhook_delivery (tenant_id, document_id) WHERE document_id IS NOT NULL;
CREATE INDEX webhook_delivery_ended_idx ON app.webhook_delivery (ended_at) WHERE ended_at IS NOT NULL;

-- That something happened which the tenant's servers want to know: ids only, for a tenant that has an enabled webhook for it.
-- In plpgsql, whose plans a session keeps: it stands in the commit of every turn.
CREATE FUNCTION app.publish(tenant uuid, event text, place bigint, subject jsonb) RETURNS void
  LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp
  AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM app.webhook w WHERE w.tenant_id = tenant AND w.enabled AND event = ANY (w.events)) THEN
    INSERT INTO app.outbox (tenant_id, id, type, payload, outside, position)
    VALUES (tenant, gen_random_uuid(), event, subject, true,
            coalesce(place, (extract(epoch FROM clock_timestamp()) * 1000000)::bigint));
  END IF;
END $$;
REVOKE ALL ON FUNCTION app.publish(uuid, text, bigint, jsonb) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.publish(uuid, text, bigint, jsonb) TO switchboard_app;

CREATE FUNCTION app.publish_conversation() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- Before anything else in it, whose numbers begin in the same microsecond.
  PERFORM app.publish(NEW.tenant_id, TG_ARGV[0], CASE WHEN TG_OP = 'INSERT' THEN 0 END,
    jsonb_build_object('conversation_id', NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER conversation_is_created AFTER INSERT ON app.conversation
  FOR EACH ROW EXECUTE FUNCTION app.publish_conversation('conversation.created');
CREATE TRIGGER conversation_is_ended AFTER UPDATE OF status ON app.conversation
  FOR EACH ROW WHEN (NEW.status = 'ended' AND OLD.status <> 'ended')
  EXECUTE FUNCTION app.publish_conversation('conversation.ended');

-- A message is one from when it is part of its conversation: a question, when its turn has not failed.
CREATE FUNCTION app.publish_message() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app.publish(NEW.tenant_id, 'message.created', NEW.seq,
    jsonb_build_object('conversation_id', NEW.conversation_id, 'message_id', NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER message_is_created AFTER INSERT ON app.message
  FOR EACH ROW WHEN (NEW.state IN ('final', 'partial')) EXECUTE FUNCTION app.publish_message();
CREATE TRIGGER message_is_settled AFTER UPDATE OF state ON app.message
  FOR EACH ROW WHEN (OLD.state = 'pending' AND NEW.state IN ('final', 'partial')) EXECUTE FUNCTION app.publish_message();

CREATE FUNCTION app.publish_turn() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  -- After its answer, which has the number before.
  PERFORM app.publish(NEW.tenant_id, 'turn.' || NEW.status, NEW.end_seq + 1,
    jsonb_build_object('conversation_id', NEW.conversation_id, 'turn_id', NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER turn_is_over AFTER UPDATE OF status ON app.turn
  FOR EACH ROW WHEN (NEW.status IN ('completed', 'failed', 'cancelled') AND OLD.status <> NEW.status)
  EXECUTE FUNCTION app.publish_turn();

CREATE FUNCTION app.publish_escalation() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app.publish(NEW.tenant_id, 'escalation.' || CASE NEW.status WHEN 'waiting' THEN 'created' ELSE NEW.status END, NULL,
    jsonb_build_object('conversation_id', NEW.conversation_id, 'escalation_id', NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER escalation_is_created AFTER INSERT ON app.escalation
  FOR EACH ROW EXECUTE FUNCTION app.publish_escalation();
CREATE TRIGGER escalation_moves_on AFTER UPDATE OF status, supporter_id ON app.escalation
  FOR EACH ROW WHEN (CASE NEW.status
    WHEN 'assigned' THEN NEW.supporter_id IS NOT NULL
      AND (OLD.status, OLD.supporter_id) IS DISTINCT FROM (NEW.status, NEW.supporter_id)
    ELSE NEW.status IN ('resolved', 'closed') AND OLD.status <> NEW.status END)
  EXECUTE FUNCTION app.publish_escalation();

CREATE FUNCTION app.publish_document() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app.publish(NEW.tenant_id, 'document.' || NEW.status, NULL, jsonb_build_object('document_id', NEW.id));
  RETURN NULL;
END $$;
CREATE TRIGGER document_is_done AFTER UPDATE OF status ON app.document
  FOR EACH ROW WHEN (NEW.status IN ('ready', 'failed') AND OLD.status <> NEW.status)
  EXECUTE FUNCTION app.publish_document();

CREATE FUNCTION app.publish_feedback() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM app.publish(NEW.tenant_id, 'feedback.created', NULL, jsonb_build_object(
    'conversation_id', NEW.conversation_id, 'message_id', NEW.message_id, 'principal_id', NEW.principal_id));
  RETURN NULL;
END $$;
CREATE TRIGGER feedback_is_given AFTER INSERT ON app.feedback
  FOR EACH ROW EXECUTE FUNCTION app.publish_feedback();
CREATE TRIGGER feedback_is_changed AFTER UPDATE OF rating, comment ON app.feedback
  FOR EACH ROW WHEN ((OLD.rating, OLD.comment) IS DISTINCT FROM (NEW.rating, NEW.comment))
  EXECUTE FUNCTION app.publish_feedback();

DO $$
DECLARE f text;
BEGIN
  FOREACH f IN ARRAY ARRAY['conversation', 'message', 'turn', 'escalation', 'document', 'feedback'] LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION app.publish_%s() FROM PUBLIC', f);
  END LOOP;
END $$;
`;

/** One HNSW index for each supported dimension, on every partition; other dimensions get an exact scan. */
function vectorIndexes(): string {
  const plain = [384, 768, 1024, 1536].map(
    (dims) => `CREATE INDEX chunk_vector_hnsw_${dims} ON app.chunk_vector
      USING hnsw ((embedding::vector(${dims})) vector_cosine_ops) WHERE dims = ${dims};`,
  );
  return `${plain.join('\n')}
CREATE INDEX chunk_vector_hnsw_3072 ON app.chunk_vector
  USING hnsw ((embedding::halfvec(3072)) halfvec_cosine_ops) WHERE dims = 3072;`;
}

/** Forced on every table of the schema, partitions included; the tenant table's policy is on its own id. */
const ROW_SECURITY = `
DO $$
DECLARE t record;
BEGIN
  FOR t IN
    SELECT c.oid::regclass AS name, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'app' AND c.relkind IN ('r', 'p')
  LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t.name);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', t.name);
    EXECUTE format(
      'CREATE POLICY tenant_isolation ON %s TO switchboard_app USING (%s = app.current_tenant()) WITH CHECK (%s = app.current_tenant())',
      t.name,
      CASE WHEN t.relname = 'tenant' THEN 'id' ELSE 'tenant_id' END,
      CASE WHEN t.relname = 'tenant' THEN 'id' ELSE 'tenant_id' END);
    IF t.relname NOT LIKE 'chunk\\_vector\\_p%' THEN
      EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO switchboard_app', t.name);
    END IF;
  END LOOP;
END $$;
REVOKE UPDATE, DELETE ON app.audit_event FROM switchboard_app;
GRANT SELECT (name) ON public.schema_migration TO switchboard_app;
`;

/**
 * Whose rows are too old: tenants of the oldest, by an index on their time. They are deleted inside each tenant (platform/expiry).
 * Before LOOKUPS, which gives the functions their owner.
 */
const EXPIRY = `
GRANT SELECT (tenant_id, expires_at, revoked_at) ON app.session TO switchboard_lookup;
CREATE POLICY lookup ON app.session FOR SELECT TO switchboard_lookup USING (true);
GRANT SELECT (tenant_id, created_at, sealed_key) ON app.idempotency_key TO switchboard_lookup;
CREATE POLICY lookup ON app.idempotency_key FOR SELECT TO switchboard_lookup USING (true);
GRANT SELECT (tenant_id, id, failed_only, message_count, last_seq, last_interaction_at) ON app.conversation TO switchboard_lookup;
CREATE POLICY lookup ON app.conversation FOR SELECT TO switchboard_lookup USING (true);

GRANT SELECT (tenant_id, sealed_key) ON app.credential TO switchboard_lookup;
CREATE POLICY lookup ON app.credential FOR SELECT TO switchboard_lookup USING (true);

GRANT SELECT (tenant_id, updated_at) ON app.turn_live TO switchboard_lookup;
CREATE POLICY lookup ON app.turn_live FOR SELECT TO switchboard_lookup USING (true);

CREATE FUNCTION app.tenants_of_forgotten_texts(age_seconds integer, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT old.tenant_id FROM (
    SELECT l.tenant_id FROM app.turn_live l
    WHERE l.updated_at < now() - make_interval(secs => age_seconds) ORDER BY l.updated_at LIMIT most) old $$;

CREATE FUNCTION app.tenants_of_ended_sessions(age_seconds integer, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT old.tenant_id FROM (
    SELECT s.tenant_id FROM app.session s
    WHERE least(s.expires_at, s.revoked_at) < now() - make_interval(secs => age_seconds)
    ORDER BY least(s.expires_at, s.revoked_at) LIMIT most) old $$;

GRANT SELECT (tenant_id, widget_id, last_seen_at) ON app.visitor TO switchboard_lookup;
CREATE POLICY lookup ON app.visitor FOR SELECT TO switchboard_lookup USING (true);
CREATE FUNCTION app.tenants_of_old_visitors(age_seconds integer, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT old.tenant_id FROM (
    SELECT v.tenant_id FROM app.visitor v
    WHERE CASE WHEN v.widget_id IS NULL THEN timestamptz '-infinity' ELSE v.last_seen_at END
      < now() - make_interval(secs => age_seconds)
    ORDER BY CASE WHEN v.widget_id IS NULL THEN timestamptz '-infinity' ELSE v.last_seen_at END LIMIT most) old $$;

CREATE FUNCTION app.tenants_of_old_idempotency_keys(age_seconds integer, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT old.tenant_id FROM (
    SELECT k.tenant_id FROM app.idempotency_key k
    WHERE k.created_at < now() - make_interval(secs => age_seconds) ORDER BY k.created_at LIMIT most) old $$;

CREATE FUNCTION app.tenants_of_processed_events(age_seconds integer, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT old.tenant_id FROM (
    SELECT o.tenant_id FROM app.outbox o
    WHERE o.processed_at < now() - make_interval(secs => age_seconds) ORDER BY o.processed_at LIMIT most) old $$;

GRANT SELECT (tenant_id, id, webhook_id, status, next_attempt_at, ended_at), UPDATE (next_attempt_at)
  ON app.webhook_delivery TO switchboard_lookup;
CREATE POLICY lookup ON app.webhook_delivery TO switchboard_lookup USING (true) WITH CHECK (true);
CREATE FUNCTION app.tenants_of_old_deliveries(age_seconds integer, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT old.tenant_id FROM (
    SELECT d.tenant_id FROM app.webhook_delivery d
    WHERE d.ended_at < now() - make_interval(secs => age_seconds) ORDER BY d.ended_at LIMIT most) old $$;

CREATE FUNCTION app.tenants_of_failed_conversations(age_seconds integer, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT old.tenant_id FROM (
    SELECT c.tenant_id FROM app.conversation c
    WHERE c.failed_only AND c.message_count = 0
      AND c.last_seq < (extract(epoch FROM now() - make_interval(secs => age_seconds)) * 1000000)::bigint
    ORDER BY c.last_seq LIMIT most) old $$;

-- How long these are kept each tenant may say itself.
CREATE FUNCTION app.tenants_of_old_conversations(age_seconds integer, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT t.id FROM app.tenant t
    WHERE t.conversations_kept_days IS NOT NULL AND EXISTS (
      SELECT 1 FROM app.conversation c
      WHERE c.tenant_id = t.id AND (c.message_count > 0 OR NOT c.failed_only)
        AND c.last_interaction_at < now() - make_interval(days => t.conversations_kept_days))
    LIMIT most $$;

GRANT SELECT (tenant_id, started_at) ON app.tool_call TO switchboard_lookup;
CREATE POLICY lookup ON app.tool_call FOR SELECT TO switchboard_lookup USING (true);
CREATE FUNCTION app.tenants_of_old_tool_calls(age_seconds integer, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH RECURSIVE tried AS (
      (SELECT c.tenant_id FROM app.tool_call c ORDER BY c.tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT c.tenant_id FROM app.tool_call c WHERE c.tenant_id > h.tenant_id ORDER BY c.tenant_id LIMIT 1)
      FROM tried h WHERE h.tenant_id IS NOT NULL
    )
    SELECT t.id FROM tried h JOIN app.tenant t ON t.id = h.tenant_id
    WHERE EXISTS (
      SELECT 1 FROM app.tool_call c
      WHERE c.tenant_id = t.id
        AND c.started_at < now() - make_interval(secs => coalesce(t.traces_kept_days * 86400, age_seconds)))
    LIMIT most $$;
`;

/**
 * Tenants with values that none of the known keys sealed, in order. Keys in use are found by skipping through the index,
 * of which there are two or three, and nothing is read of those that are known.
 */
function sealedOtherwise(table: string, name: string): string {
  return `
CREATE FUNCTION ${name}(known bytea[], after uuid, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH RECURSIVE used AS (
      (SELECT s.sealed_key FROM ${table} s WHERE s.sealed_key IS NOT NULL ORDER BY s.sealed_key LIMIT 1)
      UNION ALL
      SELECT (SELECT s.sealed_key FROM ${table} s WHERE s.sealed_key > u.sealed_key ORDER BY s.sealed_key LIMIT 1)
      FROM used u WHERE u.sealed_key IS NOT NULL
    )
    SELECT DISTINCT t.tenant_id FROM used u CROSS JOIN LATERAL (
      SELECT s.tenant_id FROM ${table} s WHERE s.sealed_key = u.sealed_key AND (after IS NULL OR s.tenant_id > after)
      ORDER BY s.tenant_id LIMIT most) t
    WHERE u.sealed_key IS NOT NULL AND u.sealed_key <> ALL (known) ORDER BY 1 LIMIT most $$;
`;
}

/**
 * What must be found before a tenant is known. Each function belongs to switchboard_lookup, which may read (and where it
 * must, lease) only the columns named here, and returns ids only.
 */
const LOOKUPS = `
GRANT SELECT (id, slug, status, conversations_kept_days, traces_kept_days) ON app.tenant TO switchboard_lookup;
CREATE POLICY lookup ON app.tenant FOR SELECT TO switchboard_lookup USING (true);
GRANT SELECT (tenant_id, origins, enabled, sealed_key) ON app.widget TO switchboard_lookup;
CREATE POLICY lookup ON app.widget FOR SELECT TO switchboard_lookup USING (true);
GRANT SELECT (tenant_id, origin) ON app.tenant_origin TO switchboard_lookup;
CREATE POLICY lookup ON app.tenant_origin FOR SELECT TO switchboard_lookup USING (true);
GRANT SELECT (tenant_id, id, conversation_id, status, start, accepted_by, cancel_requested, lease_owner, lease_until, fence, seq, created_at),
  UPDATE (lease_until) ON app.turn TO switchboard_lookup;
CREATE POLICY lookup ON app.turn TO switchboard_lookup USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, created_at, claimed_until, processed_at, outside, position), UPDATE (claimed_until) ON app.outbox TO switchboard_lookup;
CREATE POLICY lookup ON app.outbox TO switchboard_lookup USING (true) WITH CHECK (true);
GRANT SELECT (tenant_id, id, status, held, heartbeat_at, wait_until, deleted_at) ON app.document TO switchboard_lookup;
CREATE POLICY lookup ON app.document FOR SELECT TO switchboard_lookup USING (true);
GRANT SELECT (tenant_id, purpose, id, loose_since) ON app.blob TO switchboard_lookup;
CREATE POLICY lookup ON app.blob FOR SELECT TO switchboard_lookup USING (true);

CREATE FUNCTION app.tenant_id_by_slug(wanted text) RETURNS uuid LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT t.id FROM app.tenant t WHERE t.slug = wanted $$;

-- A token of a tenant's own issuer names no tenant of ours: its issuer and audience do.
GRANT SELECT (tenant_id, issuer, audience, enabled) ON app.trusted_issuer TO switchboard_lookup;
CREATE POLICY lookup ON app.trusted_issuer FOR SELECT TO switchboard_lookup USING (true);
CREATE FUNCTION app.tenants_trusting(wanted_issuer text, wanted_audience text[]) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT i.tenant_id FROM app.trusted_issuer i
        WHERE i.issuer = wanted_issuer AND i.audience && wanted_audience AND i.enabled LIMIT 3 $$;

-- Where a platform admin has been on a visit, by one look into the index of each tenant.
GRANT SELECT (tenant_id, external_id) ON app.principal TO switchboard_lookup;
CREATE POLICY lookup ON app.principal FOR SELECT TO switchboard_lookup USING (true);
CREATE FUNCTION app.tenants_visited_by(visitor text) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT t.id FROM app.tenant t WHERE EXISTS (
    SELECT 1 FROM app.principal p WHERE p.tenant_id = t.id AND p.external_id = visitor) $$;

CREATE FUNCTION app.tenant_ids(after uuid, most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT t.id FROM app.tenant t WHERE after IS NULL OR t.id < after ORDER BY t.id DESC LIMIT most $$;

-- \`patterns\`: what a list may hold to mean the origin that is asked about.
CREATE FUNCTION app.origin_is_known(patterns text[]) RETURNS boolean LANGUAGE sql STABLE SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp
  AS $$ SELECT EXISTS (
    SELECT 1 FROM app.tenant_origin o JOIN app.tenant t ON t.id = o.tenant_id
    WHERE o.origin = ANY (patterns) AND t.status = 'active')
    -- Counted: looking for the first one, the planner hopes to find it soon by reading all widgets.
    OR (
    SELECT count(*) FROM app.widget w JOIN app.tenant t ON t.id = w.tenant_id
    WHERE w.origins && patterns AND w.enabled AND t.status = 'active') > 0 $$;

-- One statement for one instance and tick; ids only, and of each what to do about it:
--   lost       a turn of \`held\` that the database no longer gives this instance
--   cancel     a turn of \`held\` that somebody asked to stop
--   suspended  a turn of \`held\` whose tenant was suspended; none of its others is begun until it is resumed
--   changed    a turn of \`watched\` that is no longer as its readers were told (also: gone), or (without a turn) a conversation
--              of \`listened\` in which more was stored than its readers were told
--   take_over, last_start, give_up, cancelled   a running turn without a living owner: begin it again, for the last time,
--              fail it, end it as asked
--   waiting    a turn that could run now: the instance that accepted it comes first, any other after a second; tenants in turn:
--              the one with the fewest turns under way, then the one that \`served\` (least recently served first) does not name
-- Leases of \`held\` are renewed by (tenant, turn, fence): owner and fence decide, not the clock. A row that is locked at
-- the moment is being settled, and is renewed the next time. Rows that refer to it (tool calls, usage) lock it
-- less than that. An owner of all zeros has given the turn back.
CREATE TYPE app.turn_task AS ENUM ('lost', 'cancel', 'suspended', 'changed', 'take_over', 'last_start', 'give_up', 'cancelled', 'waiting');
CREATE FUNCTION app.look_after(instance uuid, held jsonb, watched jsonb, listened jsonb, seconds double precision, everything boolean, room integer, served uuid[])
  RETURNS TABLE (task app.turn_task, tenant_id uuid, turn_id uuid, conversation_id uuid)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH mine AS (
      SELECT h.tenant, h.turn, h.fence, h.renew FROM jsonb_to_recordset(held) AS h(tenant uuid, turn uuid, fence bigint, renew boolean)
    ), renewable AS (
      SELECT t.tenant_id, t.id FROM mine m
      JOIN app.turn t ON t.tenant_id = m.tenant AND t.id = m.turn AND t.fence = m.fence
      WHERE m.renew AND t.lease_owner = instance AND t.status = 'running' FOR NO KEY UPDATE OF t SKIP LOCKED
    ), renewed AS (
      UPDATE app.turn t SET lease_until = clock_timestamp() + make_interval(secs => seconds)
      FROM renewable r WHERE t.tenant_id = r.tenant_id AND t.id = r.id
    ), busy AS (
      SELECT t.tenant_id, count(*) AS turns FROM app.turn t WHERE t.status = 'running' GROUP BY t.tenant_id
    ), ready AS (
      SELECT t.tenant_id, t.id, t.conversation_id, t.seq,
             row_number() OVER (PARTITION BY t.tenant_id ORDER BY t.seq) + coalesce(b.turns, 0) AS place
      FROM app.turn t LEFT JOIN busy b ON b.tenant_id = t.tenant_id
      WHERE room > 0 AND t.status = 'queued' AND NOT EXISTS (
          SELECT 1 FROM app.tenant s WHERE s.id = t.tenant_id AND s.status = 'suspended')
        AND (t.accepted_by = instance OR t.created_at < clock_timestamp() - interval '1 second')
        AND NOT EXISTS (
          SELECT 1 FROM app.turn o WHERE o.tenant_id = t.tenant_id AND o.conversation_id = t.conversation_id
            AND o.status IN ('queued', 'running') AND (o.status = 'running' OR o.seq < t.seq))
    )
    SELECT 'lost'::app.turn_task, m.tenant, m.turn, t.conversation_id FROM mine m
      LEFT JOIN app.turn t ON t.tenant_id = m.tenant AND t.id = m.turn
      WHERE t.id IS NULL OR t.fence <> m.fence OR t.lease_owner IS DISTINCT FROM instance OR t.status <> 'running'
    UNION ALL
    SELECT 'cancel'::app.turn_task, t.tenant_id, t.id, t.conversation_id FROM mine m
      JOIN app.turn t ON t.tenant_id = m.tenant AND t.id = m.turn AND t.fence = m.fence
      WHERE t.cancel_requested AND t.status = 'running'
    UNION ALL
    SELECT 'suspended'::app.turn_task, t.tenant_id, t.id, t.conversation_id FROM mine m
      JOIN app.turn t ON t.tenant_id = m.tenant AND t.id = m.turn AND t.fence = m.fence
      JOIN app.tenant s ON s.id = m.tenant AND s.status = 'suspended'
      WHERE NOT t.cancel_requested AND t.status = 'running'
    UNION ALL
    SELECT 'changed'::app.turn_task, w.tenant, w.turn, w.conversation
      FROM jsonb_to_recordset(watched) AS w(tenant uuid, turn uuid, conversation uuid, status text, fence bigint)
      LEFT JOIN app.turn t ON t.tenant_id = w.tenant AND t.id = w.turn
      WHERE t.id IS NULL OR t.status <> w.status OR t.fence <> w.fence
    UNION ALL
    SELECT 'changed'::app.turn_task, l.tenant, NULL, l.conversation
      FROM jsonb_to_recordset(listened) AS l(tenant uuid, conversation uuid, seq bigint)
      LEFT JOIN app.conversation c ON c.tenant_id = l.tenant AND c.id = l.conversation
      WHERE c.id IS NULL OR c.last_seq > l.seq
    UNION ALL
    SELECT CASE WHEN t.cancel_requested THEN 'cancelled' WHEN t.start >= 3 THEN 'give_up' WHEN t.start = 2 THEN 'last_start'
                ELSE 'take_over' END::app.turn_task,
           t.tenant_id, t.id, t.conversation_id
      FROM app.turn t
      WHERE t.status = 'running' AND ((everything AND t.lease_owner <> instance) OR t.lease_until < clock_timestamp())
        AND NOT EXISTS (SELECT 1 FROM mine m WHERE m.tenant = t.tenant_id AND m.turn = t.id AND m.fence = t.fence)
        AND NOT EXISTS (SELECT 1 FROM app.tenant s WHERE s.id = t.tenant_id AND s.status = 'suspended')
    UNION ALL
    (SELECT 'waiting'::app.turn_task, r.tenant_id, r.id, r.conversation_id FROM ready r
      ORDER BY r.place, coalesce(array_position(served, r.tenant_id), 0), r.seq LIMIT room) $$;

CREATE FUNCTION app.claim_outbox(most integer, seconds integer) RETURNS TABLE (tenant_id uuid, outbox_id uuid)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH due AS (
      SELECT o.tenant_id, o.id FROM app.outbox o
      WHERE o.processed_at IS NULL AND NOT o.outside AND (o.claimed_until IS NULL OR o.claimed_until < clock_timestamp())
      ORDER BY o.created_at LIMIT most FOR UPDATE SKIP LOCKED
    )
    UPDATE app.outbox o SET claimed_until = clock_timestamp() + make_interval(secs => seconds)
    FROM due WHERE o.tenant_id = due.tenant_id AND o.id = due.id
    RETURNING o.tenant_id, o.id $$;

-- Who has events for servers outside: found by skipping through the index.
CREATE FUNCTION app.tenants_with_events(most integer) RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH RECURSIVE waiting AS (
      (SELECT o.tenant_id FROM app.outbox o WHERE o.outside ORDER BY o.tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT o.tenant_id FROM app.outbox o WHERE o.outside AND o.tenant_id > w.tenant_id ORDER BY o.tenant_id LIMIT 1)
      FROM waiting w WHERE w.tenant_id IS NOT NULL
    )
    SELECT w.tenant_id FROM waiting w WHERE w.tenant_id IS NOT NULL LIMIT most $$;

-- Deliveries whose time has come, a few of each webhook (none of \`busy\`), for this caller alone as long as the lease lasts.
-- Webhooks are found by skipping through the index; what waits for an earlier event of its conversation is not in it.
GRANT SELECT (tenant_id, sealed_key) ON app.webhook TO switchboard_lookup;
CREATE POLICY lookup ON app.webhook FOR SELECT TO switchboard_lookup USING (true);
CREATE FUNCTION app.claim_deliveries(most integer, of_each integer, seconds integer, busy uuid[])
  RETURNS TABLE (tenant_id uuid, webhook_id uuid, delivery_id uuid)
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH RECURSIVE waiting AS (
      (SELECT d.tenant_id, d.webhook_id FROM app.webhook_delivery d WHERE d.status = 'pending'
        ORDER BY d.tenant_id, d.webhook_id LIMIT 1)
      UNION ALL
      SELECT next.tenant_id, next.webhook_id FROM waiting w CROSS JOIN LATERAL (
        SELECT d.tenant_id, d.webhook_id FROM app.webhook_delivery d
        WHERE d.status = 'pending' AND (d.tenant_id, d.webhook_id) > (w.tenant_id, w.webhook_id)
        ORDER BY d.tenant_id, d.webhook_id LIMIT 1) next
    ), due AS (
      SELECT d.tenant_id, d.id FROM waiting w CROSS JOIN LATERAL (
        SELECT n.tenant_id, n.id, n.next_attempt_at FROM app.webhook_delivery n
        WHERE n.tenant_id = w.tenant_id AND n.webhook_id = w.webhook_id AND n.status = 'pending'
          AND n.next_attempt_at <= clock_timestamp()
        ORDER BY n.next_attempt_at LIMIT of_each FOR UPDATE SKIP LOCKED) d
      WHERE w.webhook_id <> ALL (busy)
        AND NOT EXISTS (SELECT 1 FROM app.tenant s WHERE s.id = w.tenant_id AND s.status = 'suspended')
      ORDER BY d.next_attempt_at LIMIT most
    )
    UPDATE app.webhook_delivery d SET next_attempt_at = clock_timestamp() + make_interval(secs => seconds)
    FROM due WHERE d.tenant_id = due.tenant_id AND d.id = due.id
    RETURNING d.tenant_id, d.webhook_id, d.id $$;

-- Of each tenant the next document that nobody works on, tenants in turn: who has the fewest in work first, then who was
-- served the longest ago (\`served\`, oldest first). The tenants are found by skipping through the index, and the document by
-- a range of it rather than by its tenant, which would be sorted.
CREATE FUNCTION app.due_documents(abandoned_seconds integer, started timestamptz, served uuid[], most integer)
  RETURNS TABLE (tenant_id uuid, document_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    WITH RECURSIVE dead AS (SELECT greatest(now() - make_interval(secs => abandoned_seconds), started) AS before),
    waiting AS (
      (SELECT d.tenant_id FROM app.document d WHERE d.status NOT IN ('ready', 'failed') ORDER BY d.tenant_id LIMIT 1)
      UNION ALL
      SELECT (SELECT d.tenant_id FROM app.document d
              WHERE d.status NOT IN ('ready', 'failed') AND d.tenant_id > w.tenant_id ORDER BY d.tenant_id LIMIT 1)
      FROM waiting w WHERE w.tenant_id IS NOT NULL
    )
    SELECT w.tenant_id, due.id FROM waiting w CROSS JOIN dead
    CROSS JOIN LATERAL (
      SELECT d.tenant_id, d.id FROM app.document d
      WHERE (d.tenant_id, d.id) > (w.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid)
        AND d.status NOT IN ('ready', 'failed') AND d.deleted_at IS NULL
        AND (NOT d.held OR d.heartbeat_at < dead.before) AND (d.wait_until IS NULL OR d.wait_until <= now())
        AND NOT EXISTS (SELECT 1 FROM app.tenant s WHERE s.id = d.tenant_id AND s.status = 'suspended')
      ORDER BY d.tenant_id, d.id LIMIT 1) due
    CROSS JOIN LATERAL (
      SELECT count(*) AS running FROM app.document d
      WHERE d.tenant_id = w.tenant_id AND d.held AND d.heartbeat_at >= dead.before) work
    WHERE due.tenant_id = w.tenant_id
    ORDER BY work.running, array_position(served, w.tenant_id) NULLS FIRST, due.id LIMIT most $$;

-- Tenants with somebody who waits for a person, or whose supporters may have left.
GRANT SELECT (tenant_id, status) ON app.escalation TO switchboard_lookup;
CREATE POLICY lookup ON app.escalation FOR SELECT TO switchboard_lookup USING (true);
CREATE FUNCTION app.tenants_with_open_escalations() RETURNS TABLE (tenant_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$ SELECT DISTINCT e.tenant_id FROM app.escalation e JOIN app.tenant t ON t.id = e.tenant_id
        WHERE e.status IN ('waiting', 'assigned') AND t.status = 'active' $$;

-- Jobs that nobody works on.
GRANT SELECT (tenant_id, id, status, heartbeat_at) ON app.job TO switchboard_lookup;
CREATE POLICY lookup ON app.job FOR SELECT TO switchboard_lookup USING (true);
CREATE FUNCTION app.due_jobs(abandoned_seconds integer, most integer) RETURNS TABLE (tenant_id uuid, job_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT j.tenant_id, j.id FROM app.job j
    WHERE j.status IN ('queued', 'running')
      AND (j.status = 'queued' OR j.heartbeat_at < now() - make_interval(secs => abandoned_seconds))
      AND NOT EXISTS (SELECT 1 FROM app.tenant s WHERE s.id = j.tenant_id AND s.status = 'suspended')
    ORDER BY j.id LIMIT most $$;

-- The record of deeds is never changed, but for what an erasure takes out of it: ids stay, and that it happened.
GRANT SELECT (tenant_id, target_type, target_id, actor_id, actor_role, action, details), UPDATE (details, address)
  ON app.audit_event TO switchboard_lookup;
CREATE POLICY lookup ON app.audit_event TO switchboard_lookup
  USING (tenant_id = app.current_tenant()) WITH CHECK (tenant_id = app.current_tenant());
-- What staff did to others is about the others: of that only the address goes. What others do is about themselves.
CREATE FUNCTION app.redact_audit(erased uuid, email_of text) RETURNS boolean
  LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    UPDATE app.audit_event a SET details = '{"redacted": true}', address = NULL
    WHERE a.tenant_id = app.current_tenant() AND (
      a.target_id = erased::text
      OR (a.actor_id = erased AND a.actor_role IN ('end_user', 'visitor'))
      OR (a.target_type = 'invitation' AND a.target_id IN (
        SELECT i.target_id FROM app.audit_event i
        WHERE i.tenant_id = app.current_tenant() AND i.action = 'invitation.accept' AND i.actor_id = erased))
      OR strpos(lower(a.details::text), lower(to_jsonb(email_of)::text)) > 0);
    UPDATE app.audit_event a SET address = NULL
    WHERE a.tenant_id = app.current_tenant() AND a.actor_id = erased;
    SELECT true $$;

CREATE FUNCTION app.deleted_documents(older_than_seconds integer, most integer)
  RETURNS TABLE (tenant_id uuid, document_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT d.tenant_id, d.id FROM app.document d
    WHERE d.deleted_at < now() - make_interval(secs => older_than_seconds) LIMIT most $$;

CREATE FUNCTION app.loose_blobs(wanted text, older_than_seconds integer, most integer)
  RETURNS TABLE (tenant_id uuid, blob_id uuid)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
  AS $$
    SELECT b.tenant_id, b.id FROM app.blob b
    WHERE b.purpose = wanted AND b.loose_since < now() - make_interval(secs => older_than_seconds)
    ORDER BY b.loose_since LIMIT most $$;

DO $$
DECLARE f record;
BEGIN
  FOR f IN
    SELECT p.oid::regprocedure AS signature FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname = 'app' AND p.prosecdef
  LOOP
    EXECUTE format('GRANT CREATE ON SCHEMA app TO switchboard_lookup');
    EXECUTE format('ALTER FUNCTION %s OWNER TO switchboard_lookup', f.signature);
    EXECUTE format('REVOKE CREATE ON SCHEMA app FROM switchboard_lookup');
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f.signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO switchboard_app', f.signature);
  END LOOP;
END $$;
REVOKE ALL ON FUNCTION app.current_tenant(), app.keep_tenant_origins() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.current_tenant() TO switchboard_app, switchboard_lookup;
`;
