import { idSchema, timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import type { AgentDraft, StoredAgent } from './agent.repository.js';

const key = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must start with a letter and hold only a–z, 0–9, _ and - (at most 63)')
  .refine((value) => !['auto', 'chitchat', 'qa', 'unclear', 'human_request'].includes(value), 'is a reserved word');
const kind = z.enum(['domain', 'knowledge', 'writer', 'matching']);
const changeable = {
  name: z
    .string()
    .trim()
    .min(1)
    .check(...atMost(200)),
  description: z
    .string()
    .trim()
    .check(...atMost(2000)),
  instructions: z
    .string()
    .trim()
    .check(...atMost(20_000)),
  answer_template: z
    .string()
    .check(...atMost(20_000))
    .nullable(),
  examples: z
    .array(
      z
        .string()
        .trim()
        .min(1)
        .check(...atMost(500)),
    )
    .max(100),
  personas: z
    .array(
      z
        .string()
        .trim()
        .min(1)
        .check(...atMost(100)),
    )
    .max(50),
  knowledge_base_ids: z
    .array(idSchema)
    .max(50)
    .describe('What a knowledge agent searches. Empty: all knowledge bases of documents, those made later included.'),
  tool_ids: z.array(idSchema).max(50),
  settings: z
    .record(z.string().check(...atMost(100)), z.json())
    .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= 16_384, 'must not exceed 16 KiB as JSON')
    .describe(
      'Of a knowledge agent: `top_k` passages, and `synonyms`, lists of words for the same, the one that the documents use first, such as [["résumé", "cv", "curriculum vitae"]]: without a model the others are searched for by it.',
    ),
  enabled: z.boolean(),
  position: z.int().min(0).max(10_000),
};

/**
 * `description` and `examples` are what a message is routed by. A knowledge agent searches `knowledge_base_ids`; empty means
 * all of the tenant's bases of documents, those made later included.
 */
export const createAgentBody = z
  .strictObject({
    key,
    kind,
    ...z.object(changeable).partial().shape,
    name: changeable.name,
  })
  .meta({
    example: {
      key: 'opening-hours',
      kind: 'knowledge',
      name: 'Opening hours',
      description: 'When the shop is open',
    },
  });
export type CreateAgentBody = z.infer<typeof createAgentBody>;

export const patchAgentBody = z
  .strictObject(changeable)
  .partial()
  .meta({ example: { description: 'When the shop is open, and when it is closed' } });
export type PatchAgentBody = z.infer<typeof patchAgentBody>;

export const agentResponse = z
  .object({
    id: z.string(),
    key: z.string(),
    kind,
    name: z.string(),
    description: z.string(),
    instructions: z.string(),
    answer_template: z.string().nullable(),
    examples: z.array(z.string()),
    personas: z.array(z.string()),
    knowledge_base_ids: z.array(z.string()),
    tool_ids: z.array(z.string()),
    settings: z.record(z.string(), z.unknown()),
    enabled: z.boolean(),
    position: z.number(),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Agent' });
export type AgentResponse = z.infer<typeof agentResponse>;

export function toAgentResponse(agent: StoredAgent): AgentResponse {
  return {
    id: agent.id,
    key: agent.key,
    kind: agent.kind,
    name: agent.name,
    description: agent.description,
    instructions: agent.instructions,
    answer_template: agent.answerTemplate,
    examples: [...agent.examples],
    personas: [...agent.personas],
    knowledge_base_ids: [...agent.knowledgeBaseIds],
    tool_ids: [...agent.toolIds],
    settings: { ...agent.settings },
    enabled: agent.enabled,
    position: agent.position,
    created_at: agent.createdAt.toISOString(),
    updated_at: agent.updatedAt.toISOString(),
  };
}

/** What was sent over what is there: absent fields stay. */
export function withChange(current: AgentDraft, body: PatchAgentBody): AgentDraft {
  return {
    ...current,
    name: body.name ?? current.name,
    description: body.description ?? current.description,
    instructions: body.instructions ?? current.instructions,
    answerTemplate: body.answer_template === undefined ? current.answerTemplate : body.answer_template,
    examples: body.examples ?? current.examples,
    personas: body.personas ?? current.personas,
    knowledgeBaseIds: body.knowledge_base_ids ?? current.knowledgeBaseIds,
    toolIds: body.tool_ids ?? current.toolIds,
    settings: body.settings ?? current.settings,
    enabled: body.enabled ?? current.enabled,
    position: body.position ?? current.position,
  };
}

export function toNewAgent(body: CreateAgentBody): AgentDraft {
  const { key: agentKey, kind: agentKind, ...rest } = body;
  return withChange(
    {
      key: agentKey,
      kind: agentKind,
      name: body.name,
      description: '',
      instructions: '',
      answerTemplate: null,
      examples: [],
      personas: [],
      knowledgeBaseIds: [],
      toolIds: [],
      settings: {},
      enabled: true,
      position: 0,
    },
    rest,
  );
}
