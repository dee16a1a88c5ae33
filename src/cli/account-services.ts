import { ApiKeyService, AuthModule, PrincipalService, RecoveryService, UserService } from '#auth';
import { BusModule } from '#platform/bus';
import { ConfigModule, environment, loadConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { DatabaseModule, EmbeddedPostgres, loginOf, newId, openDatabase } from '#platform/database';
import { NotFoundError } from '#platform/errors';
import { EventsModule } from '#platform/events';
import { HttpModule } from '#platform/http';
import { LimitsModule } from '#platform/limits';
import { createLogger, LoggingModule } from '#platform/logging';
import { MailModule } from '#platform/mail';
import { OutboundModule } from '#platform/outbound';
import { builtFile } from '#platform/paths';
import { RedisModule } from '#platform/redis';
import { SecretsModule } from '#platform/secrets';
import { TenantService, TenantsModule } from '#tenants';
import { type INestApplicationContext, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

export interface AccountServices {
  readonly users: UserService;
  readonly people: PrincipalService;
  readonly recoveries: RecoveryService;
  readonly keys: ApiKeyService;
  /** @throws NotFoundError for a tenant that is not there */
  contextOf(slug: string): Promise<RequestContext>;
}

/** Whoever has the database's password may do everything; it is nobody's account. */
const COMMAND_LINE = '00000000-0000-0000-0000-000000000000';

/**
 * The services of people and keys on the database that the environment names, without a server: no turn is run, no port
 * opened. On the embedded database the server must be stopped.
 */
export async function withAccountServices<T>(work: (services: AccountServices) => Promise<T>): Promise<T> {
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
    const dataSource = await openDatabase({ url, login: mayServe ? 'powerless' : 'unchecked', pool: 4 });
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
        HttpModule,
        TenantsModule,
        AuthModule,
      ],
    })
    class AccountsModule {}
    app = await NestFactory.createApplicationContext(AccountsModule, { logger: false, abortOnError: false });
    return await work(servicesOf(app));
  } finally {
    await app?.close();
    await embedded?.stop();
  }
}

function servicesOf(app: INestApplicationContext): AccountServices {
  const principal = { id: COMMAND_LINE, role: 'platform_admin' as const, persona: null, sessionId: null };
  return {
    users: app.get(UserService),
    people: app.get(PrincipalService),
    recoveries: app.get(RecoveryService),
    keys: app.get(ApiKeyService),
    contextOf: async (slug) => {
      const tenantId = await app.get(TenantService).findIdBySlug(slug);
      if (tenantId === null) throw new NotFoundError(`There is no tenant ${slug}`);
      return { tenantId, correlationId: newId(), principal };
    },
  };
}
