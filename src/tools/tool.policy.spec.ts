import { mayUse, visibleTools } from './tool.policy.js';
import type { ToolDefinition } from './tool.js';

const tool = (key: string, rest: Partial<ToolDefinition> = {}): ToolDefinition => ({
  id: `id-${key}`,
  key,
  name: key,
  description: '',
  kind: 'http',
  inputSchema: { type: 'object', properties: {} },
  idempotent: false,
  readOnly: true,
  personas: [],
  config: {},
  ...rest,
});

const grants = (tools: string[], entitlements: string[] = []) => ({ tools, entitlements });

describe('tool policy', () => {
  it("shows an agent its own tools, in the tools' order", () => {
    const tools = [tool('a'), tool('b'), tool('c')];
    expect(visibleTools(tools, { grants: grants(['c', 'a']), persona: null }).map((item) => item.key)).toEqual([
      'a',
      'c',
    ]);
  });

  it('hides a tool from other personas, and from callers without one', () => {
    const match = tool('match', { personas: ['job_seeker'] });
    expect(mayUse(match, { grants: grants(['match']), persona: 'job_seeker' })).toBe(true);
    expect(mayUse(match, { grants: grants(['match']), persona: 'employer' })).toBe(false);
    expect(mayUse(match, { grants: grants(['match']), persona: null })).toBe(false);
  });

  it('needs an entitlement for a built-in tool, under the key it was registered with', () => {
    const knowledge = tool('search', { kind: 'builtin', config: { builtin: 'knowledge' } });
    expect(mayUse(knowledge, { grants: grants(['search'], ['knowledge']), persona: null })).toBe(true);
    expect(mayUse(knowledge, { grants: grants(['search'], ['search']), persona: null })).toBe(false);
    expect(mayUse(tool('own'), { grants: grants(['own']), persona: null })).toBe(true);
  });
});
