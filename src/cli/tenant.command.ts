import { createTenantBody, type Tenant } from '#tenants';
import { parseArgs } from 'node:util';
import { answered } from './answer.js';
import { follow, saveArchive } from './tenant-job.js';
import { type TenantServices, withTenantServices } from './tenant-services.js';
import { UsageError } from './usage-error.js';

export const TENANT_USAGE = `  tenant create --slug <slug> --name <name>
  tenant list
  tenant suspend --slug <slug>
  tenant resume --slug <slug>
  tenant export --slug <slug> --file <path>
  tenant erase --slug <slug> --confirm <slug>
            the tenants, on the same database; export writes one archive (zip) to a file that must not be there yet, erase is
            for good; both tell on standard error how far they are, and --json prints the answer as JSON
`;

const OPTIONS = {
  slug: { type: 'string' },
  name: { type: 'string' },
  file: { type: 'string' },
  confirm: { type: 'string' },
  json: { type: 'boolean' },
} as const;
type Words = { readonly [K in Exclude<keyof typeof OPTIONS, 'json'>]?: string };

interface Command {
  /** Besides these nothing is taken: a word too many is a mistake before something that cannot be undone. */
  readonly takes: readonly (keyof Words)[];
  run(services: TenantServices, words: Required<Words>): Promise<unknown>;
}

const PAGE = 200;

/** What each prints: an object, or a list of them. */
const COMMANDS: Readonly<Record<string, Command>> = {
  create: {
    takes: ['slug', 'name'],
    run: async ({ ctx, tenants }, { name, slug }) => shown(await tenants.create(ctx, newTenant(slug, name))),
  },
  list: {
    takes: [],
    run: async ({ tenants }) => {
      const all: Tenant[] = [];
      for (let page: Tenant[] = []; ;) {
        page = await tenants.list(page.at(-1)?.id ?? null, PAGE);
        all.push(...page);
        if (page.length < PAGE) return all.map(shown);
      }
    },
  },
  suspend: { takes: ['slug'], run: (services, { slug }) => setStatus(services, slug, 'suspended') },
  resume: { takes: ['slug'], run: (services, { slug }) => setStatus(services, slug, 'active') },
  export: {
    takes: ['slug', 'file'],
    run: async (services, { file, slug }) => {
      const id = await services.idOf(slug);
      const save = await saveArchive(file);
      return save(services, () => services.data.export(services.ctx, id));
    },
  },
  erase: {
    takes: ['slug', 'confirm'],
    run: async (services, { confirm, slug }) => {
      const asked = await services.data.erase(services.ctx, await services.idOf(slug), confirm);
      const { id, result } = await follow(services, asked);
      return { slug, status: 'erased', job: id, counts: result?.counts ?? {} };
    },
  },
};

/** `switchboard tenant …`. @returns the exit code: 0 done, 1 failed, 2 usage, 3 not found, 4 refused, 5 unavailable */
export function runTenant(args: readonly string[]): Promise<number> {
  return answered(TENANT_USAGE, async () => {
    const { positionals, values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const command = positionals.length === 1 ? COMMANDS[positionals[0] ?? ''] : undefined;
    if (command === undefined) throw new UsageError(`tenant ${positionals.join(' ')} is not known`);
    const { json = false, ...words } = values;
    assertWords(command, words);
    if (words.name !== undefined) newTenant(words.slug, words.name);
    const answer = await withTenantServices((services) => command.run(services, words));
    return { answer, json };
  });
}

function assertWords({ takes }: Command, words: Words): asserts words is Required<Words> {
  const missing = takes.find((name) => words[name] === undefined || words[name] === '');
  if (missing !== undefined) throw new UsageError(`--${missing} is missing`);
  const extra = (Object.keys(words) as (keyof Words)[]).find((name) => !takes.includes(name));
  if (extra !== undefined) throw new UsageError(`--${extra} does not belong here`);
}

/** @throws UsageError */
function newTenant(slug: string, name: string) {
  const read = createTenantBody.safeParse({ slug, name });
  if (read.success) return read.data;
  throw new UsageError(read.error.issues.map(({ message, path }) => `--${path.join('.')}: ${message}`).join('\n'));
}

async function setStatus(services: TenantServices, slug: string, status: Tenant['status']) {
  return shown(await services.tenants.update(services.ctx, await services.idOf(slug), { status }));
}

function shown({ createdAt, id, name, slug, status }: Tenant) {
  return { id, slug, name, status, created_at: createdAt };
}
