import { isEntitled } from '#tenants';
import type { ToolDefinition, ToolGrants } from './tool.js';

/** Who asks for a tool, through which agent. */
export interface ToolAudience {
  readonly grants: ToolGrants;
  readonly persona: string | null;
}

/**
 * True when the agent has the tool, the tenant is entitled to it and the caller's persona may use it. Of the tools that a
 * tenant defined itself an agent has only those that the tenant is entitled to; a built-in one must be granted by name.
 */
export function mayUse(tool: ToolDefinition, audience: ToolAudience): boolean {
  const { grants, persona } = audience;
  if (!grants.tools.includes(tool.key)) return false;
  if (tool.kind === 'builtin' && !isEntitledToTool(grants.entitlements, tool)) return false;
  return tool.personas.length === 0 || (persona !== null && tool.personas.includes(persona));
}

/**
 * What a tenant's entitlements say of a tool: by its kind or its key; of a built-in one, the key it was registered with.
 * @param granted null: the operator's default, which is what the tenant defines itself
 */
export function isEntitledToTool(granted: readonly string[] | null, tool: EntitledTool): boolean {
  // Never a built-in one by the key that its tenant gave it: a tenant could name it as it likes.
  const name = tool.kind === 'builtin' ? builtinKeyOf(tool) : tool.key;
  return isEntitled(granted, [name, tool.kind], tool.kind === 'http');
}

export type EntitledTool = Pick<ToolDefinition, 'key' | 'kind' | 'config'>;

/** The tools that a model may be told about. The executor asks again when one is called. */
export function visibleTools(tools: readonly ToolDefinition[], audience: ToolAudience): ToolDefinition[] {
  return tools.filter((tool) => mayUse(tool, audience));
}

/** The registered tool that a definition stands for: a tenant may give it a key of its own (`config.builtin`). */
export function builtinKeyOf(tool: EntitledTool): string {
  const named = tool.config['builtin'];
  return typeof named === 'string' ? named : tool.key;
}
