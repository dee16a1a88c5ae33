// `npm run bench` (`-- --json` for machines): what a turn costs, beside a bare `ws` relay in the same run. Absolute figures drift
// twofold on shared machines, so judge the ratios and differences. With DATABASE_URL it runs a second time on that Postgres,
// in a database of its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import pg from 'pg';
import { EmbeddedPostgres } from '../../dist/platform/database/index.js';
import { migrate } from '../../dist/platform/migration/index.js';
import { ChatClient } from './chat-client.mjs';
import { MeasuredProcess } from './measured-process.mjs';
import { PostgresCounter } from './postgres-counter.mjs';
import { median, percentile, printTable } from './report.mjs';

const { values: flags } = parseArgs({ options: { json: { type: 'boolean', default: false } } });
const file = (path) => fileURLToPath(new URL(path, import.meta.url));
const say = (text) => process.stderr.write(`${text}\n`);

const ROUNDS = 3;
const SHORT = 10;
const LONG = 210;
/** Per measurement of CPU, on so many sockets at once. */
const CPU_TURNS = 60;
const CPU_SOCKETS = 10;
const SINGLE_TURNS = 30;
const STREAMS = 50;
const COUNTED_TURNS = 20;
const PASSWORD = 'bench-password';
/** What the stand-in says to a routing call: each turn retrieves, and its answer is streamed. */
const ROUTED = {
  intents: [{ agent: 'support', text: '' }],
  language: 'en',
  small_talk: false,
  unclear: false,
  wants_person: false,
};
const QUESTIONS = [
  'How long may I take to send something back?',
  'Which payment methods can I use for a large order?',
  'What does the warranty cover after the first year?',
];

const results = [];
const servers = [];
const standIn = await MeasuredProcess.start({
  file: file('../support/openai-standin.cli.mjs'),
  args: ['--port', '0'],
  ready: /"url":"([^"]+)"/,
});
const floor = await MeasuredProcess.start({ file: file('./floor.mjs'), args: [standIn.address], ready: /floor (\S+)/ });
try {
  results.push(await benchOn('embedded database', undefined));
  if (process.env['DATABASE_URL']) results.push(await benchOn('Postgres', process.env['DATABASE_URL']));
} finally {
  await floor.stop();
  await standIn.stop();
}
if (flags.json) console.log(JSON.stringify({ node: process.version, cpus: cpus().length, results }, null, 2));
else for (const result of results) printTable(result);

async function benchOn(name, server) {
  say(`${name}: starting`);
  const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-bench-'));
  const undo = [() => rm(dataDir, { recursive: true, force: true })];
  try {
    const database = server === undefined ? undefined : await ownDatabase(server, undo);
    const product = await startProduct({ dataDir, databaseUrl: database });
    undo.push(() => product.process.stop());
    const measured = await measure(product);
    await product.process.stop();

    say(`${name}: counting statements`);
    const direct = database ?? (await startEmbedded(dataDir, undo));
    const counter = await PostgresCounter.start(direct);
    undo.push(() => counter.stop());
    const counted = await startProduct({ dataDir, databaseUrl: counter.url });
    undo.push(() => counted.process.stop());
    const perTurn = await countStatements(counted, counter);
    await counted.process.stop();
    return { database: name, ...measured, ...perTurn };
  } catch (error) {
    for (const started of servers.splice(0)) say(complaints(started));
    throw error;
  } finally {
    for (const step of undo.reverse()) await step().catch((error) => say(String(error)));
  }
}

async function measure(product) {
  const targets = [
    { key: 'floor', process: floor, open: () => ChatClient.open(floor.address, { keepsConversations: false }) },
    { key: 'switchboard', process: product.process, open: product.open },
  ];
  const found = Object.fromEntries(
    targets.map(({ key }) => [key, { short: [], long: [], first1: [], first50: [], wire: [], rss: 0 }]),
  );
  say('warming up');
  await answersOf({ tokens: SHORT, delay: 0 });
  for (const target of targets) await withSockets(target, CPU_SOCKETS, (clients) => turns(clients, { each: 3 }));
  for (let round = 1; round <= ROUNDS; round++) {
    say(`round ${round} of ${ROUNDS}`);
    for (const target of targets) {
      const of = found[target.key];
      await withSockets(target, CPU_SOCKETS, async (clients) => {
        await answersOf({ tokens: SHORT, delay: 2 });
        of.short.push((await cpuPerTurn(target, clients)).cpuMicros);
        await answersOf({ tokens: LONG, delay: 2 });
        const long = await cpuPerTurn(target, clients);
        of.long.push(long.cpuMicros);
        of.wire.push(long.bytesPerToken);
      });
      await withSockets(target, 1, async (clients) => {
        await answersOf({ tokens: SHORT, delay: 2 });
        of.first1.push(...(await turns(clients, { each: SINGLE_TURNS })).map((turn) => turn.firstTokenMs));
      });
      await withSockets(target, STREAMS, async (clients) => {
        await answersOf({ tokens: 100, delay: 20 });
        of.first50.push(...(await turns(clients, { each: 2, spreadMs: 2000 })).map((turn) => turn.firstTokenMs));
        of.rss = Math.max(of.rss, (await target.process.usage()).rssBytes);
      });
    }
  }
  const perTarget = ({ short, long, first1, first50, wire, rss }) => {
    const perToken = median(long.map((value, index) => (value - short[index]) / (LONG - SHORT)));
    return {
      cpu_us_per_token: perToken,
      cpu_ms_per_turn: (median(short) - SHORT * perToken) / 1000,
      first_token_ms_1: { p50: percentile(first1, 50), p95: percentile(first1, 95) },
      first_token_ms_50: { p50: percentile(first50, 50), p95: percentile(first50, 95), p99: percentile(first50, 99) },
      wire_bytes_per_token: median(wire),
      rss_mb: rss / 1e6,
    };
  };
  return { floor: perTarget(found.floor), switchboard: perTarget(found.switchboard) };
}

async function cpuPerTurn(target, clients) {
  const before = await target.process.usage();
  const done = await turns(clients, { each: CPU_TURNS / clients.length });
  const after = await target.process.usage();
  const words = done.reduce((sum, turn) => sum + turn.text.split(' ').length, 0);
  return {
    cpuMicros: (after.cpuMicros - before.cpuMicros) / done.length,
    bytesPerToken: done.reduce((sum, turn) => sum + turn.tokenBytes, 0) / words,
  };
}

/** Sockets with a conversation each whose first turn, the one that also gets a title, is over. */
async function withSockets(target, count, work) {
  const clients = [];
  try {
    for (let opened = 0; opened < count; opened++) clients.push(await target.open());
    await answersOf({ tokens: SHORT, delay: 0 });
    await turns(clients, { each: 1, spreadMs: 20 * count });
    await sleep(500);
    return await work(clients);
  } finally {
    await Promise.all(clients.map((client) => client.close()));
  }
}

/** Runs turns on the sockets side by side. */
async function turns(clients, { each, spreadMs = 0 }) {
  const done = await Promise.all(
    clients.map(async (client, number) => {
      await sleep((spreadMs * number) / clients.length);
      const mine = [];
      for (let index = 0; index < each; index++) {
        mine.push(await client.ask(QUESTIONS[(number + index) % QUESTIONS.length]));
      }
      return mine;
    }),
  );
  return done.flat();
}

async function countStatements(product, counter) {
  await answersOf({ tokens: SHORT, delay: 0 });
  const client = await product.open();
  for (const question of [...QUESTIONS, ...QUESTIONS]) await client.ask(question);
  await settle(product.process);
  // What the program does by itself meanwhile (leases, sweeps) is no part of a turn.
  const idle = await counted(counter, () => sleep(3000));
  const calls = await standInCalls();
  const busy = await counted(counter, async () => {
    for (let index = 0; index < COUNTED_TURNS; index++) await client.ask(QUESTIONS[index % QUESTIONS.length]);
  });
  const modelCalls = (await standInCalls()) - calls;
  const texts = [...counter.texts].sort((a, b) => b[1] - a[1]).slice(0, 12);
  await client.close();
  const without = (key) => Math.max(0, busy[key] - (idle[key] / idle.ms) * busy.ms) / COUNTED_TURNS;
  return {
    statements_per_turn: without('statements'),
    round_trips_per_turn: without('roundTrips'),
    model_calls_per_turn: modelCalls / COUNTED_TURNS,
    statements: texts.map(([text, times]) => ({ per_turn: times / COUNTED_TURNS, text })),
  };
}

async function counted(counter, work) {
  counter.reset();
  const startedAt = performance.now();
  await work();
  return { ms: performance.now() - startedAt, statements: counter.statements, roundTrips: counter.roundTrips };
}

async function startProduct({ dataDir, databaseUrl }) {
  const process_ = await MeasuredProcess.start({
    file: file('../../dist/main.js'),
    env: {
      NODE_ENV: 'development',
      HOST: '127.0.0.1',
      PORT: '0',
      DATA_DIR: dataDir,
      DATABASE_URL: databaseUrl ?? '',
      REDIS_URL: '',
      LLM_PROVIDER: 'openai',
      OPENAI_API_KEY: 'bench',
      OPENAI_BASE_URL: standIn.address,
      EMBEDDINGS_PROVIDER: 'local',
      SEED_DEMO: 'true',
      DEMO_PASSWORD: PASSWORD,
      AUTH_BYPASS: 'false',
      MESSAGES_PER_MINUTE: '0',
      REQUESTS_PER_MINUTE: '0',
      WS_MAX_PER_USER: '1000',
      WS_MAX_PER_ADDRESS: '1000',
      HTTP_MAX_PER_ADDRESS: '5000',
    },
    ready: /ready at (http:\S+)/,
    seconds: 90,
  });
  servers.push(process_);
  const response = await fetch(`${process_.address}/api/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ tenant: 'acme', email: 'user@acme.test', password: PASSWORD }),
  });
  if (!response.ok) throw new Error(`login: ${response.status} ${await response.text()}`);
  const { access_token: token } = await response.json();
  await settle(process_);
  const address = `${process_.address.replace('http', 'ws')}/ws/chat?token=${token}&final=false`;
  return {
    process: process_,
    open: () => ChatClient.open(address, { keepsConversations: true }),
  };
}

/** What a server logged at warn and above. */
function complaints(server) {
  const lines = server.printed().split('\n');
  return lines
    .filter((line) => /"level":"(warn|error|fatal)"/.test(line))
    .slice(-10)
    .join('\n');
}

/** Waits for what a start leaves behind: the demo's documents are still being indexed. */
async function settle(target) {
  for (let quiet = 0, tries = 0; quiet < 3 && tries < 120; tries++) {
    const before = await target.usage();
    await sleep(500);
    quiet = (await target.usage()).cpuMicros - before.cpuMicros < 40_000 ? quiet + 1 : 0;
  }
}

async function answersOf({ tokens, delay }) {
  await control('reset');
  await control('script', { match: { structured: 'routing' }, value: ROUTED });
  await control('script', { match: { stream: true }, tokens, tokenDelayMs: delay });
}

async function control(what, body) {
  const url = new URL(`/control/${what}`, standIn.address);
  await fetch(url, { method: 'POST', body: body === undefined ? '' : JSON.stringify(body) });
}

async function standInCalls() {
  const response = await fetch(new URL('/control/stats', standIn.address));
  return (await response.json()).calls;
}

async function ownDatabase(server, undo) {
  const name = `switchboard_bench_${process.pid}`;
  const owner = async (sql) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    await client.query(sql).finally(() => client.end());
  };
  await owner(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  await owner(`CREATE DATABASE ${name}`);
  undo.push(() => owner(`DROP DATABASE ${name} WITH (FORCE)`));
  const url = new URL(server);
  url.pathname = `/${name}`;
  const ownerUrl = url.href;
  // As in production: a login that may do nothing by itself.
  url.username = 'switchboard_test_login';
  url.password = 'powerless';
  await migrate({ ownerUrl, loginUrl: url.href });
  return url.href;
}

async function startEmbedded(dataDir, undo) {
  const embedded = await EmbeddedPostgres.start({
    dataDir,
    childFile: file('../../dist/platform/database/embedded/embedded-postgres.child.js'),
  });
  undo.push(() => embedded.stop());
  return embedded.url;
}
