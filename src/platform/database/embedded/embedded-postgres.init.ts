import { workerData } from 'node:worker_threads';
import { PostgresEngine } from './postgres-engine.js';

/**
 * The first boot, in a worker thread of the database's process: initialising takes several engines' worth of memory, which
 * ends with the thread, and the process stays able to leave when it is told to.
 */
const folder: unknown = workerData;
if (typeof folder !== 'string') throw new Error('the folder to initialise is missing');
const engine = await PostgresEngine.open(folder, (error) => {
  throw error;
});
await engine.close();
