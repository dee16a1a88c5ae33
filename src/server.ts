import { NestFactory } from '@nestjs/core';
import type { NestExpressApplication } from '@nestjs/platform-express';
import type { AppConfig } from '#platform/config';
import { EmbeddedPostgres, openDatabase, UnitOfWork } from '#platform/database';
import { HealthService } from '#platform/health';
import { configureHttp, setupSwagger } from '#platform/http';
import { type Logger, NestPinoLogger } from '#platform/logging';
import { OutboundClient } from '#platform/outbound';
import { builtFile } from '#platform/paths';
import { assertOpenable } from '#platform/sealed';
import { SecretBox } from '#platform/secrets';
import { ChannelsDrain, ChatSocketAdapter } from '#channels';
import { DemoSeeder, DemoShop } from '#demo';
import type { DataSource } from 'typeorm';
import { AppModule } from './app.module.js';
import { prepareDatabase } from './prepare-database.js';
import { servePages } from './pages.js';
import { SEALED_COLUMNS } from './sealed-columns.js';
import { version } from './version.js';

/** A server that takes requests, and how to end it. */
export interface RunningServer {
  /** `http://127.0.0.1:3000` */
  readonly url: string;
  readonly app: NestExpressApplication;
  /** Finishes running turns, closes sockets, database and children; safe to call twice. */
  stop(): Promise<void>;
  /** Resolves with the reason when the embedded database is lost. */
  readonly lost: Promise<string>;
}

/**
 * Brings everything up in order: database, schema, pool, application, demo data, listener. Whatever fails on the way takes
 * down what was up.
 */
export async function startServer(config: AppConfig, logger: Logger): Promise<RunningServer> {
  const undo: (() => Promise<unknown>)[] = [];
  for (const line of [...config.unserved, ...config.doubts]) logger.warn(line);
  try {
    const database = await startDatabase(config, logger);
    undo.push(() => database.stop());
    const login = await prepareDatabase(config, database.url, logger);
    const dataSource: DataSource = await openDatabase({
      url: database.url,
      pool: config.env.DATABASE_POOL,
      login,
      onLost: (error) => logger.warn({ err: error }, 'an idle connection to the database was lost'),
    });
    undo.push(async () => (dataSource.isInitialized ? dataSource.destroy() : undefined));

    const app = await NestFactory.create<NestExpressApplication>(
      AppModule.forRoot({ config, logger, dataSource, databaseUrl: database.url, databaseLogin: login }),
      {
        bodyParser: false,
        logger: new NestPinoLogger(logger),
        abortOnError: false,
      },
    );
    undo.unshift(() => app.close());
    configureHttp(app, config, logger);
    app.useWebSocketAdapter(new ChatSocketAdapter(app));
    servePages(app, config);
    setupSwagger(app, config, version);
    await assertOpenable(app.get(UnitOfWork), app.get(SecretBox), SEALED_COLUMNS);
    await app.init();
    if (config.seedDemo) await app.get(DemoSeeder).seed();
    await app.listen(config.env.PORT, config.env.HOST);
    const url = addressOf(app, config);
    app.get(OutboundClient).denyOwnPort(Number(new URL(url).port));
    if (config.seedDemo) await app.get(DemoShop).open(url);

    let stopping: Promise<void> | undefined;
    return {
      app,
      url,
      lost: database.lost,
      stop: () =>
        (stopping ??= (async () => {
          app.get(HealthService).startDraining();
          // Before Nest asks the modules to stop, of which one waits for its documents: nobody is promised a turn meanwhile.
          void app.get(ChannelsDrain).drain();
          // In turn: a later one is closed even when an earlier one fails to.
          for (const step of undo)
            await step().catch((error: unknown) => logger.error({ err: error }, 'shutdown step failed'));
        })()),
    };
  } catch (error) {
    for (const step of undo) await step().catch(() => undefined);
    throw error;
  }
}

interface Database {
  readonly url: string;
  readonly lost: Promise<string>;
  stop(): Promise<void>;
}

async function startDatabase(config: AppConfig, logger: Logger): Promise<Database> {
  if (config.env.DATABASE_URL !== undefined) {
    return { url: config.env.DATABASE_URL, lost: new Promise(() => undefined), stop: async () => undefined };
  }
  const embedded = await EmbeddedPostgres.start({
    dataDir: config.dataDir,
    childFile: builtFile('platform/database/embedded/embedded-postgres.child.js'),
    log: (line) => logger.info({ source: 'embedded database' }, line),
  });
  const lost = new Promise<string>((resolve) => {
    embedded.onExit((exit) => {
      if (!exit.expected) resolve(exit.reason);
    });
  });
  return { url: embedded.url, lost, stop: () => embedded.stop() };
}

function addressOf(app: NestExpressApplication, config: AppConfig): string {
  const address: unknown = app.getHttpServer().address();
  const port = typeof address === 'object' && address !== null && 'port' in address ? address.port : config.env.PORT;
  const host = config.env.HOST === '0.0.0.0' || config.env.HOST === '::' ? '127.0.0.1' : config.env.HOST;
  return `http://${host.includes(':') ? `[${host}]` : host}:${String(port)}`;
}
