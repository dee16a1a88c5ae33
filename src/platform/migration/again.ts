import { setTimeout as sleep } from 'node:timers/promises';
import { sqlState } from '#platform/database';

const TRIES = 6;
/** What two owners that make or grant the same role of one cluster at the same moment see of each other. */
const CROSSED = /^(XX000|40001|40P01)$/;
const MADE_MEANWHILE = /^(23505|42710)$/;

/** Roles have no lock that reaches over the databases of a cluster: who crosses somebody else tries once more. */
export async function again(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await work();
      return;
    } catch (error) {
      const state = sqlState(error) ?? '';
      if (MADE_MEANWHILE.test(state)) return;
      if (!CROSSED.test(state) || tries === TRIES) throw error;
      await sleep(20 * tries + Math.random() * 50);
    }
  }
}
