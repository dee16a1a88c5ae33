import { agent, CTX, tool } from '../../../test/support/agent-fakes.js';
import { AgentDirectoryCache } from './agent-directory.cache.js';
import type { AgentRepository } from './agent.repository.js';

it('gives an agent that is read again unchanged as the same object, and a changed one with its unchanged tools', async () => {
  let name = 'Orders';
  const directory = () => {
    const tools = [tool('get_order'), tool('cancel_order')];
    const agents = [agent('orders', { name, tools }), agent('support', { examples: ['Help'] })];
    return Promise.resolve({ agents, entitlements: [] });
  };
  const cache = new AgentDirectoryCache({ directory } as unknown as AgentRepository);
  const read = async () => {
    cache.invalidate(CTX.tenantId);
    return (await cache.directory(CTX)).agents;
  };
  const [orders, support] = await read();
  const again = await read();
  expect(again[0]).toBe(orders);
  expect(again[1]).toBe(support);
  name = 'Your orders';
  const [renamed, same] = await read();
  expect(renamed?.name).toBe('Your orders');
  expect(renamed?.tools[0]).toBe(orders?.tools[0]);
  expect(same).toBe(support);
  cache.invalidate(CTX.tenantId);
  const other = await cache.directory({ tenantId: '0190b8a0-0000-7000-8000-000000000009' });
  expect(other.agents[1]).not.toBe(support);
});
