import type { Principal } from '#platform/context';
import { type Feature, seesAsStaff } from '#platform/http';
import type { ToolDefinition } from '#tools';

export type AgentKind = 'domain' | 'knowledge' | 'writer' | 'matching';

/** What the tenant must have for agents of a kind to answer at all. */
export const FEATURE_OF_KIND: Readonly<Partial<Record<AgentKind, Feature>>> = {
  knowledge: 'knowledge',
  matching: 'knowledge',
};

/** An enabled agent of a tenant with the tools it was given, in their order. */
export interface AgentDefinition {
  readonly id: string;
  readonly key: string;
  readonly kind: AgentKind;
  readonly name: string;
  /** What it is for: shown to people and to the routing model. */
  readonly description: string;
  /** The tenant's instructions to the model. */
  readonly instructions: string;
  /** LiquidJS; null: the model writes, or the result is rendered readably. */
  readonly answerTemplate: string | null;
  /** Utterances that this agent should get. */
  readonly examples: readonly string[];
  /** Personas that may use it; empty: everybody. */
  readonly personas: readonly string[];
  /** Of `knowledge`: what it searches; empty: all knowledge bases of documents that the tenant has. */
  readonly knowledgeBaseIds: readonly string[];
  /** BCP 47 languages of the documents that it searches; absent or empty: none are known. */
  readonly languages?: readonly string[];
  /** Of its kind: `top_k` (knowledge), `knowledge_base_id`, `payload_type`, `weights` (matching), … */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly tools: readonly ToolDefinition[];
}

/** Everything of a tenant that routing needs, read in one statement. */
export interface AgentDirectory {
  readonly agents: readonly AgentDefinition[];
  /** What the tenant is entitled to of tools; of those that it defines itself, its agents hold no others already. */
  readonly entitlements: readonly string[];
}

/** Those that the caller's persona may use; staff try all of them. The list itself when it is all of them. */
export function visibleAgents(agents: readonly AgentDefinition[], principal: Principal): readonly AgentDefinition[] {
  if (seesAsStaff(principal, 'agents.read') || agents.every(({ personas }) => personas.length === 0)) return agents;
  return agents.filter(
    ({ personas }) => personas.length === 0 || (principal.persona !== null && personas.includes(principal.persona)),
  );
}
