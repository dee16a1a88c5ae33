import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import type { RequestContext } from '#platform/context';
import { NotFoundError } from '#platform/errors';
import { type AccountServices, withAccountServices } from './account-services.js';
import { answered } from './answer.js';
import { keyInput, type Options, OPTIONS, optionsOf, required, userInput } from './accounts.options.js';
import { UsageError } from './usage-error.js';

export const ACCOUNTS_USAGE = `  user create --tenant <slug> --email <address> [--role end_user] [--name <name>] [--persona <word>]
  user list --tenant <slug>
  user reset-password --tenant <slug> --email <address>
  user disable --tenant <slug> --email <address>
  key create --tenant <slug> --name <name> [--role end_user] [--scopes chat,…] [--days 365] [--owner <address>]
  key list --tenant <slug>
  key revoke --tenant <slug> --id <id>
            people and API keys, on the database that the environment names (the embedded one: while its server is stopped);
            --json prints the answer as JSON
`;

type Command = (services: AccountServices, ctx: RequestContext, options: Options) => Promise<unknown>;

const MOST_LISTED = 1000;

/** What each prints: an object, or a list of them. */
const COMMANDS: Readonly<Record<string, Command>> = {
  'user create': async ({ recoveries, users }, ctx, options) => {
    // Nobody knows this password: the link sets another one.
    const password = randomBytes(32).toString('base64url');
    const user = await users.create(ctx, { ...userInput(options), password });
    const { expiresAt, url } = await recoveries.byAdmin(ctx, user.id);
    return { id: user.id, email: user.email, role: user.role, reset_url: url, expires_at: expiresAt };
  },
  'user list': async ({ users }, ctx) => {
    const all = { kind: null, role: null, status: null, q: null, after: null, sort: 'created_at' as const };
    const people = await users.list(ctx, { ...all, limit: MOST_LISTED });
    return people.map(({ disabledAt, email, externalId, id, name, role }) => {
      return { id, email, external_id: externalId, name, role, status: disabledAt === null ? 'active' : 'disabled' };
    });
  },
  'user reset-password': async (services, ctx, options) => {
    const { expiresAt, url } = await services.recoveries.byAdmin(
      ctx,
      await idOf(services, ctx, required(options, 'email')),
    );
    return { reset_url: url, expires_at: expiresAt };
  },
  'user disable': async (services, ctx, options) => {
    const id = await idOf(services, ctx, required(options, 'email'));
    const user = await services.users.update(ctx, id, { disabled: true });
    return { id, email: user.email, status: 'disabled' };
  },
  'key create': async (services, ctx, options) => {
    const owner = await ownerOf(services, ctx, options.owner);
    const principal = { ...ctx.principal, id: owner.id, role: owner.role };
    const { record, secret } = await services.keys.create({ ...ctx, principal }, keyInput(options));
    const { expiresAt, id, name, role, scopes } = record;
    return { id, name, role, scopes, expires_at: expiresAt, key: secret.reveal() };
  },
  'key list': async ({ keys }, ctx) => {
    const listed = await keys.list(ctx, null, MOST_LISTED);
    return listed.map(({ expiresAt, id, last4, maker, name, revokedAt, role, scopes }) => {
      return {
        id,
        name,
        role,
        scopes,
        last4,
        created_by: maker?.email ?? null,
        expires_at: expiresAt,
        revoked_at: revokedAt,
      };
    });
  },
  'key revoke': async ({ keys }, ctx, options) => {
    const id = required(options, 'id');
    await keys.revoke(ctx, id);
    return { id, status: 'revoked' };
  },
};

/**
 * `switchboard user …` and `switchboard key …`.
 * @returns the exit code: 0 done, 1 failed, 2 usage, 3 not found, 4 refused, 5 unavailable
 */
export function runAccounts(args: readonly string[]): Promise<number> {
  return answered(ACCOUNTS_USAGE, async () => {
    const { positionals, values } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
    const command = positionals.length === 2 ? COMMANDS[positionals.join(' ')] : undefined;
    if (command === undefined) throw new UsageError(`${positionals.join(' ')} is not known`);
    const options = optionsOf(values);
    const tenant = required(options, 'tenant');
    const answer = await withAccountServices(async (services) => {
      return command(services, await services.contextOf(tenant), options);
    });
    return { answer, json: options.json };
  });
}

/** @throws NotFoundError */
async function idOf({ people }: AccountServices, ctx: RequestContext, email: string): Promise<string> {
  const person = await people.findByEmail(ctx, email);
  if (person === null) throw new NotFoundError(`Nobody of this tenant has the address ${email}`);
  return person.id;
}

/** A key ends with whoever it belongs to, so it belongs to somebody. */
async function ownerOf({ people }: AccountServices, ctx: RequestContext, email: string | undefined) {
  const owner =
    email === undefined
      ? ((await people.findFirstWithRole(ctx, 'tenant_admin')) ??
        (await people.findFirstWithRole(ctx, 'platform_admin')))
      : await people.findByEmail(ctx, email);
  if (owner === null) throw new NotFoundError('A key belongs to somebody: make a tenant_admin first, or name --owner');
  return owner;
}
