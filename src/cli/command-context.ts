import { AuthModule } from '#auth';
import { BusModule } from '#platform/bus';
import { ConfigModule, environment, loadConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { DatabaseModule, EmbeddedPostgres, loginOf, type LoginPolicy, newId, openDatabase } from '#platform/database';
import { NotFoundError } from '#platform/errors';
import { EventsModule } from '#platform/events';
import { HttpModule } from '#platform/http';
import { LimitsModule } from '#platform/limits';
import { createLogger, LoggingModule } from '#platform/logging';
import { MailModule } from '#platform/mail';
import { OutboundModule } from '#platform/outbound';
import { OutboxModule } from '#platform/outbox';
import { builtFile } from '#platform/paths';
import { RedisModule } from '#platform/redis';
import { SecretsModule } from '#platform/secrets';
import { TenantService, TenantsModule } from '#tenants';
import { type DynamicModule, type INestApplicationContext, Module, type Type } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

/** Whoever has the database's password may do everything; it is nobody's account. */
const COMMAND_LINE = '00000000-0000-0000-0000-000000000000';

export interface CommandDatabase {
  readonly url: string;
  readonly login: LoginPolicy;
}

/**
 * The services of people, keys and tenants on the database that the environment names, without a server: no turn is run, no
 * port opened. On the embedded database the server must be stopped.
 * @param more what the command needs besides
 */
export async function withCommandContext<T>(
  more: (database: CommandDatabase) => (Type | DynamicModule)[],
  work: (app: INestApplicationContext) => Promise<T>,
): Promise<T> {
  const config = loadConfig({
    ...environment(),
    BOOTSTRAP_ADMIN_EMAIL: undefined,
    BOOTSTRAP_ADMIN_PASSWORD: undefined,
  });
  const embedded = config.embeddedDatabase
    ? await EmbeddedPostgres.start({
        dataDir: config.dataDir,
        childFile: builtFile('platform/database/embedded/embedded-postgres.child.js'),
      })
    : null;
  let app: INestApplicationContext | undefined;
  try {
    const url = config.env.DATABASE_URL ?? embedded?.url ?? '';
    const mayServe = embedded === null && (await loginOf(url)) === null;
    const login = mayServe ? 'powerless' : 'unchecked';
    const dataSource = await openDatabase({ url, login, pool: 4 });
    @Module({
      imports: [
        ConfigModule.forRoot(config),
        // Standard output is the answer's.
        LoggingModule.forRoot(createLogger({ level: 'silent' })),
        DatabaseModule.forRoot(dataSource),
        EventsModule,
        RedisModule.forRoot(config),
        BusModule.forRoot(config),
        LimitsModule,
        SecretsModule,
        MailModule,
        OutboundModule,
        OutboxModule,
        HttpModule,
        TenantsModule,
        AuthModule,
        ...more({ url, login }),
      ],
    })
    class CommandModule {}
    app = await NestFactory.createApplicationContext(CommandModule, { logger: false, abortOnError: false });
    return await work(app);
  } finally {
    await app?.close();
    await embedded?.stop();
  }
}

/** @throws NotFoundError for a tenant that is not there */
export async function contextOf(app: INestApplicationContext, slug: string): Promise<RequestContext> {
  const tenantId = await app.get(TenantService).findIdBySlug(slug);
  if (tenantId === null) throw new NotFoundError(`There is no tenant ${slug}`);
  return commandContext(tenantId);
}

export function commandContext(tenantId: string): RequestContext {
  const principal = { id: COMMAND_LINE, role: 'platform_admin' as const, persona: null, sessionId: null };
  return { tenantId, correlationId: newId(), principal };
}
