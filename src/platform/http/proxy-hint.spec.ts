import { loadConfig } from '#platform/config';
import type { Logger } from '#platform/logging';
import { ProxyHint } from './proxy-hint.js';

const warnings = (env: Record<string, string>, requests: Record<string, string>[]): string[] => {
  const said: string[] = [];
  const hint = new ProxyHint(loadConfig(env), { warn: (line: string) => said.push(line) } as unknown as Logger);
  for (const headers of requests) hint.look(headers);
  return said;
};

describe('a proxy that the server was not told of', () => {
  const proxied = { 'x-forwarded-for': '10.0.0.1' };

  it('is said once, with what to do', () => {
    const said = warnings({}, [{ host: 'a' }, proxied, proxied]);
    expect(said).toHaveLength(1);
    expect(said[0]).toContain('TRUST_PROXY');
  });

  it('is nothing to say where the operator has decided', () => {
    for (const TRUST_PROXY of ['1', 'true', 'false', 'loopback'])
      expect(warnings({ TRUST_PROXY }, [proxied])).toEqual([]);
    expect(warnings({}, [{ host: 'a' }])).toEqual([]);
  });
});
