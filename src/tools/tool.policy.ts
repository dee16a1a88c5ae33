import type { ToolDefinition, ToolGrants } from './tool.js';

/** Who asks for a tool, through which agent. */
export interface ToolAudience {
  readonly grants: ToolGrants;
  readonly persona: string | null;
}

/**
 * True when the agent has the tool, the tenant is entitled to it and the caller's persona may use it. Tools that a tenant
 * defined itself need no entitlement; built-in ones do.
 */
export function mayUse(tool: ToolDefinition, audience: ToolAudience): boolean {
  const { grants, persona } = audience;
  if (!grants.tools.includes(tool.key)) return false;
  if (tool.kind === 'builtin' && !grants.entitlements.includes(builtinKeyOf(tool))) return false;
  return tool.personas.length === 0 || (persona !== null && tool.personas.includes(persona));
}

/** The tools that a model may be told about. The executor asks again when one is called. */
export function visibleTools(tools: readonly ToolDefinition[], audience: ToolAudience): ToolDefinition[] {
  return tools.filter((tool) => mayUse(tool, audience));
}

/** The registered tool that a definition stands for: a tenant may give it a key of its own (`config.builtin`). */
export function builtinKeyOf(tool: ToolDefinition): string {
  const named = tool.config['builtin'];
  return typeof named === 'string' ? named : tool.key;
}
