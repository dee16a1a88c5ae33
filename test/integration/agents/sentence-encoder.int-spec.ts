import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '#platform/logging';
import { builtFile } from '#platform/paths';
import {
  type EncoderLimits,
  WorkerSentenceEncoder,
} from '../../../src/agents/offline/encoder/worker.sentence-encoder.js';

const FILE = builtFile('agents/offline/encoder/encoder.worker.js');
const folder = mkdtempSync(join(tmpdir(), 'encoder-'));
const started: WorkerSentenceEncoder[] = [];
afterEach(() => Promise.all(started.splice(0).map((encoder) => encoder.onModuleDestroy())));
afterAll(() => rmSync(folder, { recursive: true }));

function start(file: string, limits: Partial<EncoderLimits> = {}): WorkerSentenceEncoder {
  const encoder = new WorkerSentenceEncoder(file, createLogger({ level: 'silent' }), limits);
  started.push(encoder);
  return encoder;
}

/** A thread that does something else. */
function thread(name: string, code: string): string {
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, `import { parentPort } from 'node:worker_threads';\n${code}`);
  return file;
}

const likeness = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);

it('finds that sentences mean the same though they share no word', async () => {
  const vectors = await start(FILE).encode([
    'my car broke down',
    'the vehicle has an engine failure',
    'a recipe with rice',
  ]);
  const [car, vehicle, rice] = vectors ?? [];
  expect(car).toHaveLength(512);
  expect(likeness(car!, vehicle!)).toBeGreaterThan(likeness(car!, rice!) + 0.1);
});

it('takes no longer for texts of 16,000 characters than for their beginnings, and reads whatever stands there', async () => {
  const encoder = start(FILE);
  const words = 'lorem ipsum dolor sit amet '.repeat(600);
  const vectors = await encoder.encode([
    words,
    words.slice(0, 300),
    '',
    ' \n',
    '\0',
    '🙂'.repeat(8000),
    'x'.repeat(16_000),
    '日本'.repeat(8000),
  ]);
  expect(vectors).toHaveLength(8);
  expect(vectors?.every((vector) => vector.length === 512 && vector.every(Number.isFinite))).toBe(true);
  expect(vectors?.[0]).toEqual(vectors?.[1]);
});

it('answers whoever waits when its thread dies, leaves it alone for a while, and starts another', async () => {
  const dying = thread('dying', `parentPort.on('message', () => process.exit(3));`);
  const encoder = start(dying, { retryMs: 200 });
  const [one, two] = [encoder.encode(['a']), encoder.encode(['b'])];
  await expect(Promise.all([one, two])).resolves.toEqual([null, null]);
  const since = performance.now();
  await expect(encoder.encode(['c'])).resolves.toBeNull();
  expect(performance.now() - since).toBeLessThan(150);
  await new Promise((resolve) => setTimeout(resolve, 250));
  await expect(encoder.encode(['d'])).resolves.toBeNull();
});

it.each([
  ['cannot be loaded', `throw new Error('a package is missing');`],
  ['fails', `parentPort.on('message', () => { throw new Error('no'); });`],
  ['says nothing', `parentPort.on('message', () => undefined);`],
  ['never rests', `parentPort.on('message', () => { for (;;); });`],
])('does without a thread that %s', async (name, code) => {
  await expect(start(thread(name.replaceAll(' ', '-'), code), { answerMs: 300 }).encode(['a'])).resolves.toBeNull();
});

it('lets no more wait than it can serve soon', async () => {
  const silent = thread('silent', `parentPort.on('message', () => undefined);`);
  const encoder = start(silent, { waiting: 2, answerMs: 2000 });
  const waiting = [encoder.encode(['a']), encoder.encode(['b'])];
  await expect(encoder.encode(['c'])).resolves.toBeNull();
  await encoder.onModuleDestroy();
  // With the application all that waits is let go.
  await expect(Promise.all(waiting)).resolves.toEqual([null, null]);
  await expect(encoder.encode(['d'])).resolves.toBeNull();
});

it('lets its memory go when nobody needs it, and comes back', async () => {
  const counting = thread(
    'counting',
    `let orders = 0; parentPort.on('message', ({ id }) => parentPort.postMessage({ id, vectors: [Float32Array.of(++orders)] }));`,
  );
  const encoder = start(counting, { idleMs: 50 });
  const asked = async () => (await encoder.encode(['a']))?.[0]?.[0];
  expect(await asked()).toBe(1);
  expect(await asked()).toBe(2);
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(await asked()).toBe(1);
});
