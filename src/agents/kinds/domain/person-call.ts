import type { PersonCall } from '../../turn/turn.types.js';

const LONGEST = 300;

/**
 * A result with `escalate` (true, a reason, or {reason, skill}) says that this is a case for a person. It is a tool's word and
 * untrusted: noted here, cut, and heard only where the tenant's rules name the tool.
 */
export function personCallOf(tool: string, data: unknown): PersonCall[] {
  const said = fieldOf(data, 'escalate');
  if (said === true) return [{ tool, reason: `${tool} asks for a person`, skill: null }];
  if (typeof said === 'string' && said.trim() !== '') return [{ tool, reason: said.slice(0, LONGEST), skill: null }];
  const [reason, skill] = [fieldOf(said, 'reason'), fieldOf(said, 'skill')];
  if (typeof reason !== 'string') return [];
  return [{ tool, reason: reason.slice(0, LONGEST), skill: typeof skill === 'string' ? skill.slice(0, 63) : null }];
}

function fieldOf(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return undefined;
  return (value as Record<string, unknown>)[name];
}
