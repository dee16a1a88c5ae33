// `npm run eval`: are the answers right? Asks a server of its own over REST, as people do, and counts. Not a test: it prints
// figures, and what was wrong with `--wrong`. Sets are JSON files of these kinds; your own are given by their paths:
//
//   answers      {domains, cases: [{domain, question, document | null, phrase}]}     null: must be refused
//   follow_ups   {domains, cases: [{domain, first, then, document}], stand_alone: [the same]}
//   matching     {tenant, cases: [{user, message, first[], only[], not[], none, nearest[], history[]}]}   of a demo tenant; or
//                {bases: {name: {records, settings, agent: {name, description, examples[]}}}, cases: [{base, message, …}]}
//   routing      {agents: [{key, name, description, examples[]}], cases: [{message, agent | null}]}    null: none of them
//   retrieval    {documents: [{id, title, text}], queries: [{text, relevant: {id: grade}}]}
//
// `domains` are tenants with their documents, in the file itself or in one beside it: [{key, name, language, documents:
// [{title, text}], agents: [as in routing]}]. Without a key the server answers offline; with `OPENAI_API_KEY`,
// `OPENAI_BASE_URL` and the like in the environment it asks that model. `--model` asks the provider stand-in, which reads by
// word overlap: a model that understands nothing, so its figures are no measure of what a model can do. They tell what is lost
// around one: the query that routing wrote and nobody searched for, a sign that was shown, a number that stands for no
// passage, answers that could not be used (counted below the figures).
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { MeasuredProcess } from '../bench/measured-process.mjs';
import { OpenAiStandIn } from '../support/openai-standin-server.js';
import { EvalServer } from './eval-server.mjs';
import { publicSets } from './public-sets.mjs';
import { scorers } from './scorers.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const OWN = ['matching', 'answers', 'follow-ups'].map((name) => join(here, 'sets', `${name}.json`));

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    data: { type: 'string', default: resolve(here, '../../../shared/data') },
    only: { type: 'string' },
    model: { type: 'boolean', default: false },
    wrong: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(`npm run eval [-- options] [files of your own sets]
  --only answers     one kind: answers, follow_ups, matching, routing, retrieval
  --data FOLDER      public collections (clinc150, scifact, …); those that are not there are left out
  --model            with the provider stand-in as the model
  --wrong            each case that went wrong
  --json             for machines`);
  process.exit(0);
}

const standIn = values.model ? await OpenAiStandIn.start({ reads: true }) : null;
const dataDir = await mkdtemp(join(tmpdir(), 'switchboard-eval-'));
const child = await MeasuredProcess.start({
  file: resolve(here, '../../dist/main.js'),
  env: {
    NODE_ENV: 'development',
    PORT: '0',
    DATA_DIR: dataDir,
    DATABASE_URL: undefined,
    REDIS_URL: undefined,
    SEED_DEMO: 'true',
    DEMO_PASSWORD: 'a password for the evals',
    MESSAGES_PER_MINUTE: '0',
    REQUESTS_PER_MINUTE: '0',
    // Bad answers of a model are counted, not printed.
    LOG_LEVEL: values.model ? 'error' : 'warn',
    ...(standIn === null
      ? {}
      : { LLM_PROVIDER: 'openai', OPENAI_BASE_URL: standIn.url, OPENAI_API_KEY: 'none', EMBEDDINGS_PROVIDER: 'local' }),
  },
  ready: /Switchboard is ready at (\S+)/,
});
const results = [];
try {
  const server = new EvalServer(child.address, 'a password for the evals');
  const sets = positionals.length > 0 ? positionals.map(fromFile) : [...OWN.map(fromFile), ...publicSets(values.data)];
  for (const set of sets) {
    if (values.only !== undefined && set.kind !== values.only) continue;
    const score = scorers[set.kind];
    if (score === undefined) throw new Error(`${set.name}: no such kind of set: ${set.kind}`);
    const began = Date.now();
    const { figures, wrong } = await score(server, set);
    if (standIn !== null) Object.assign(figures, shownToModel(set));
    results.push({ set: set.name, kind: set.kind, figures, wrong });
    if (!values.json) print(set.name, figures, wrong, Date.now() - began);
  }
  if (standIn !== null && !values.json) await printSteps();
} finally {
  await child.stop();
  await standIn?.stop();
  await rm(dataDir, { recursive: true, force: true });
}
if (values.json) console.log(JSON.stringify(results, null, 2));

/** Whether the document that answers stood before the model at all: what it made of it is another matter. */
function shownToModel({ cases, kind }) {
  if (kind !== 'answers' && kind !== 'follow_ups') return {};
  const asked = cases.filter(({ document }) => document !== null);
  const prompts = standIn.chatCalls.map(({ body }) => String(body.messages?.at(-1)?.content));
  const shown = asked.filter(({ document, question, then }) =>
    prompts.some((prompt) => prompt.endsWith(`Question: ${question ?? then}`) && prompt.includes(document)),
  );
  return { 'right document shown to the model': { count: shown.length, of: asked.length } };
}

/** What the model was asked for, and how often its answer could not be used. */
async function printSteps() {
  const calls = new Map();
  for (const { body } of standIn.chatCalls) {
    const step = body.response_format?.json_schema?.name ?? (body.stream === true ? 'answer' : 'other');
    calls.set(step, (calls.get(step) ?? 0) + 1);
  }
  const metrics = await (await fetch(`${child.address}/metrics`)).text();
  const fallbacks = metrics.match(/^switchboard_model_fallbacks_total\{.*$/gm) ?? [];
  console.log(`\ncalls: ${[...calls].map(([step, count]) => `${step} ${count}`).join(', ')}`);
  console.log(
    `steps that fell back: ${fallbacks.length === 0 ? 'none' : fallbacks.map((line) => line.slice(34)).join(', ')}`,
  );
}

function fromFile(path) {
  const set = JSON.parse(readFileSync(path, 'utf8'));
  const name = path.replace(/^.*\/|\.json$/g, '');
  if (typeof set.domains !== 'string') return { name, ...set };
  const beside = join(dirname(path), set.domains);
  if (!existsSync(beside)) throw new Error(`${path}: ${beside} is not there`);
  return { name, ...set, domains: JSON.parse(readFileSync(beside, 'utf8')).domains };
}

function print(name, figures, wrong, ms) {
  console.log(`\n${name} (${Math.round(ms / 1000)} s)`);
  for (const [label, { count, of, value }] of Object.entries(figures)) {
    const share = value ?? count / of;
    const counted = of === undefined ? '' : `  ${count} of ${of}`;
    console.log(`  ${label.padEnd(46)} ${share.toFixed(3)}${counted}`);
  }
  if (values.wrong) for (const line of wrong) console.log(`    ✗ ${line}`);
}
