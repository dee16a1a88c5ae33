/**
 * The module table of the design: who may import whom. Modules are entered through their index.ts, arrows only run down the
 * list, vendors stay behind their fences. `npm run check` also asserts that enough files were seen: a cruise of nothing is green.
 */
const above = {
  platform: [],
  tenants: ['platform'],
  auth: ['platform', 'tenants'],
  llm: ['platform', 'tenants'],
  tools: ['platform', 'tenants', 'llm'],
  rag: ['platform', 'tenants', 'llm', 'tools'],
  agents: ['platform', 'tenants', 'llm', 'tools', 'rag'],
  conversations: ['platform', 'tenants', 'auth', 'agents'],
  escalations: ['platform', 'tenants', 'auth', 'conversations'],
  channels: ['platform', 'tenants', 'auth', 'conversations', 'escalations'],
  widget: ['platform', 'tenants', 'auth', 'conversations', 'escalations', 'channels'],
  webhooks: ['platform', 'tenants'],
};
const list = Object.keys(above);
above.admin = list;
above.demo = [...list, 'admin'];
const modules = Object.keys(above);

/** The rooms of `agents`, and which of them each may look into. Only the module puts them together. */
const rooms = {
  catalog: [],
  turn: ['catalog'],
  steps: ['catalog', 'turn'],
  supervisor: ['catalog', 'turn', 'steps'],
  kinds: ['catalog', 'turn', 'steps', 'supervisor'],
  model: ['catalog', 'turn', 'steps'],
  offline: ['catalog', 'turn', 'steps'],
};

const SPECS = '\\.spec\\.tsx?$';
const any = (names) => `^src/(${names.join('|')})/`;

/** @type {{ name: string, vendor: string, only: string, comment: string }[]} */
const fences = [
  {
    name: 'typeorm-in-repositories',
    vendor: '^(typeorm|@nestjs/typeorm)$',
    only: '^(src/platform/|src/.*\\.(repository|entity)\\.ts$|src/(server|app\\.module)\\.ts$|migrations/)',
    comment: 'TypeORM belongs in repositories, entities and platform; take UnitOfWork instead.',
  },
  {
    name: 'pg-in-platform',
    vendor: '^(pg|pg-boss|@electric-sql/.*)$',
    only: '^src/platform/',
    comment: 'Connections are made in platform/database and platform/queue.',
  },
  {
    name: 'ws-in-channels',
    vendor: '^(ws|@nestjs/platform-ws)$',
    only: '^src/(channels|platform)/',
    comment: 'Sockets are spoken in channels.',
  },
  {
    name: 'encoder-in-its-room',
    vendor: '^@energetic-ai/',
    only: '^src/agents/offline/encoder/encoder\\.worker\\.ts$',
    comment: 'The encoder is loaded in its own thread only; take SentenceEncoder.',
  },
  {
    name: 'providers-in-llm',
    vendor: '^(openai|@langchain/(openai|anthropic|google-genai|groq|ollama)|@huggingface/transformers)$',
    only: '^src/llm/',
    comment: 'Provider SDKs stand behind the ports of llm.',
  },
  {
    name: 'langgraph-in-agents',
    vendor: '^@langchain/langgraph$',
    only: '^src/agents/supervisor/',
    comment: 'Graphs are built and run by the supervisor.',
  },
  {
    name: 'loaders-in-rag',
    vendor: '^@langchain/community$',
    only: '^src/(rag|llm)/',
    comment: 'Document loaders stand behind the parser port of rag, embedders behind the ports of llm.',
  },
  {
    name: 'http-clients-in-outbound',
    vendor: '^(undici|axios|node-fetch|got)$',
    only: '^src/(platform/outbound|llm)/',
    comment: 'One outbound client for every address that a tenant can set.',
  },
  {
    name: 'nodemailer-in-mail',
    vendor: '^nodemailer$',
    only: '^src/platform/mail/',
    comment: 'Letters are sent by the Mailer port.',
  },
  {
    name: 'preact-in-pages',
    vendor: '^preact$',
    only: '^src/(console|answers|widget/page)/',
    comment: 'Browser code lives in console, answers and widget/page.',
  },
];
const packageOf = (pattern) => {
  const inner = pattern.replace(/^\^\(?/, '').replace(/\)?\$$/, '');
  return `(^|/)node_modules/(${inner})/`;
};
const coreNetwork = '^(node:)?(http2?|https|net|tls|dgram)$';

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, viaOnly: { pathNot: 'node_modules' } } },
    {
      name: 'not-resolvable',
      severity: 'error',
      comment: 'A file that is not there, or a package that package.json does not name.',
      from: { path: '^(src|migrations)/' },
      to: { couldNotResolve: true },
    },
    ...modules.map((name) => ({
      name: `${name}-looks-up-only`,
      severity: 'error',
      comment: `${name} may import: ${above[name].join(', ') || 'nothing'}.`,
      from: { path: `^src/${name}/`, pathNot: [SPECS, '^src/widget/page/'] },
      to: { path: '^src/', pathNot: any([name, ...above[name]]) },
    })),
    ...Object.entries(rooms).map(([name, below]) => ({
      name: `agents-${name}-looks-down-only`,
      severity: 'error',
      comment: `agents/${name} may import: ${below.join(', ') || 'nothing else of agents'}.`,
      from: { path: `^src/agents/${name}/`, pathNot: SPECS },
      to: { path: '^src/agents/', pathNot: `^src/agents/(${[name, ...below].join('|')})/` },
    })),
    {
      name: 'agents-kinds-stand-apart',
      severity: 'error',
      comment: 'One kind of agent does not know another.',
      from: { path: '^src/agents/kinds/([^/]+)/', pathNot: SPECS },
      to: { path: '^src/agents/kinds/', pathNot: '^src/agents/kinds/$1/' },
    },
    {
      name: 'agents-live-in-rooms',
      severity: 'error',
      comment: 'Beside the rooms stand the module that composes them and the index.',
      from: {},
      to: {
        path: '^src/agents/',
        pathNot: `^src/agents/((${Object.keys(rooms).join('|')})/|index\\.ts$|agents\\.module\\.ts$)`,
      },
    },
    {
      name: 'one-file-names-langgraph',
      severity: 'error',
      from: { path: '^src/agents/', pathNot: ['^src/agents/supervisor/langgraph\\.ts$', SPECS] },
      to: { path: '(^|/)node_modules/@langchain/langgraph/' },
    },
    {
      name: 'through-the-index',
      severity: 'error',
      comment: 'Another module is entered through its index.ts only.',
      from: { path: '^src/([^/]+)/', pathNot: SPECS },
      to: { path: '^src/([^/]+)/', pathNot: ['^src/$1/', '^src/platform/[^/]+/index\\.ts$', '^src/[^/]+/index\\.ts$'] },
    },
    {
      name: 'through-the-index-of-platform',
      severity: 'error',
      comment: 'Another part of platform is entered through its index.ts only.',
      from: { path: '^src/platform/([^/]+)/', pathNot: SPECS },
      to: { path: '^src/platform/', pathNot: ['^src/platform/$1/', '/index\\.ts$'] },
    },
    {
      name: 'composition-through-the-index',
      severity: 'error',
      from: { path: '^src/[^/]+\\.ts$' },
      to: { path: '^src/[^/]+/', pathNot: '^src/(platform/)?[^/]+/index\\.ts$' },
    },
    {
      name: 'not-my-own-index',
      severity: 'error',
      comment: 'Import the file itself: own barrels make cycles.',
      from: { path: '^src/([^/]+)/', pathNot: '^src/(platform|[^/]+/index\\.ts$)' },
      to: { path: '^src/$1/index\\.ts$' },
    },
    {
      name: 'not-my-own-index-in-platform',
      severity: 'error',
      from: { path: '^src/platform/([^/]+)/', pathNot: '/index\\.ts$' },
      to: { path: '^src/platform/$1/index\\.ts$' },
    },
    {
      name: 'console-stands-alone',
      severity: 'error',
      comment: 'Browser code talks to the API only.',
      from: { path: '^src/console/', pathNot: SPECS },
      to: { pathNot: ['^src/console/', '^src/(sdk|answers)/index\\.ts$', '(^|/)node_modules/preact/'] },
    },
    {
      name: 'widget-page-stands-alone',
      severity: 'error',
      comment: 'It runs on customers’ pages and talks to the API only.',
      from: { path: '^src/widget/page/', pathNot: [SPECS, '\\.mjs$'] },
      to: { pathNot: ['^src/widget/page/', '^src/(sdk|answers)/index\\.ts$', '(^|/)node_modules/preact/'] },
    },
    {
      name: 'nobody-imports-the-widget-page',
      severity: 'error',
      from: { pathNot: ['^src/widget/page/', '^test/'] },
      to: { path: '^src/widget/page/' },
    },
    {
      name: 'answers-stand-alone',
      severity: 'error',
      from: { path: '^src/answers/', pathNot: SPECS },
      to: { pathNot: ['^src/answers/', '(^|/)node_modules/preact/'] },
    },
    {
      name: 'answers-are-for-pages',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(answers|console|widget/page)/'] },
      to: { path: '^src/answers/' },
    },
    {
      name: 'client-library-stands-alone',
      severity: 'error',
      comment: 'It is for others to use: nothing but itself is in it.',
      from: { path: '^src/sdk/', pathNot: SPECS },
      to: { pathNot: '^src/sdk/' },
    },
    {
      name: 'client-library-is-for-browsers',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(sdk|console|widget/page)/'] },
      to: { path: '^src/sdk/' },
    },
    {
      name: 'nobody-imports-the-console',
      severity: 'error',
      from: { pathNot: ['^src/console/', '^test/'] },
      to: { path: '^src/console/' },
    },
    {
      name: 'nobody-imports-the-composition',
      severity: 'error',
      comment: 'main, server and app.module compose; only the command line starts them.',
      from: { path: '^src/', pathNot: ['^src/[^/]+\\.ts$', '^src/cli/'] },
      to: { path: '^src/[^/]+\\.ts$' },
    },
    {
      name: 'product-does-not-import-tests',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: SPECS },
      to: { path: ['^test/', SPECS] },
    },
    ...fences.map(({ name, vendor, only, comment }) => ({
      name,
      severity: 'error',
      comment,
      from: { path: '^(src|migrations)/', pathNot: [only, SPECS] },
      to: { path: packageOf(vendor) },
    })),
    {
      name: 'raw-sockets-in-platform',
      severity: 'error',
      comment: 'Whatever connects outwards goes through platform/outbound.',
      from: {
        path: '^src/',
        pathNot: [
          '^src/platform/',
          '^src/llm/',
          '^src/rag/parsing/close-network\\.ts$', // takes the network away from the parser's child
          '^src/demo/(demo-api|shop/shop-site)\\.ts$', // listen, on loopback
          SPECS,
        ],
      },
      to: { path: coreNetwork, dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'no-dev-dependencies',
      severity: 'error',
      from: { path: '^(src|migrations)/', pathNot: [SPECS, '^src/(console|answers|widget/page)/'] },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'], pathNot: 'node_modules/@types/' },
    },
  ],
  options: {
    doNotFollow: { path: ['node_modules', '^dist'] },
    exclude: { path: ['^dist/', '^src/demo/documents/'] },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['source', 'import', 'require', 'node', 'default', 'types'],
      extensions: ['.ts', '.tsx', '.d.ts', '.mjs', '.cjs', '.js', '.json'],
    },
    skipAnalysisNotInRules: true,
  },
};
