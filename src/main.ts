import 'reflect-metadata';
import { type AppConfig, ConfigError, loadConfig } from '#platform/config';
import { errorCause } from '#platform/errors';
import { createLogger } from '#platform/logging';
import { DemoSeeder, DemoShop } from '#demo';
import { type RunningServer, startServer } from './server.js';
import { startFailure } from './start-failure.js';

const startedAt = performance.now();

async function main(): Promise<void> {
  const config = loadConfig();
  const logger = createLogger({ level: config.env.LOG_LEVEL });

  let server: RunningServer | undefined;
  let leaving = false;
  const leave = (signal: string) => {
    // A second Ctrl-C means: now.
    if (leaving) process.exit(130);
    leaving = true;
    logger.info({ signal }, 'shutting down');
    void (server?.stop() ?? Promise.resolve()).then(() => process.exit(0));
  };
  process.on('SIGINT', leave);
  process.on('SIGTERM', leave);
  process.on('unhandledRejection', (error) => logger.error({ err: error }, 'unhandled rejection'));

  server = await startServer(config, logger);
  if (leaving) return;
  void server.lost.then(async (reason) => {
    if (leaving) return;
    logger.fatal({ reason }, 'the embedded database is gone; start the server again');
    await server?.stop();
    process.exit(1);
  });
  // A question right after the banner finds its documents, or hears that they are being read.
  if (config.seedDemo) await server.app.get(DemoSeeder).handedOver();
  if (leaving) return;
  logger.info({ url: server.url, ms: Math.round(performance.now() - startedAt) }, 'ready');
  process.stdout.write(welcome(server, config));
}

/** What a newcomer wants to know first. */
function welcome(server: RunningServer, config: AppConfig): string {
  const { url } = server;
  const docs = config.production && !config.env.DOCS_PUBLIC ? '' : `   API ${url}/docs`;
  const lines = ['', `Switchboard is ready at ${url}`, `  page ${url}/${docs}   health ${url}/health`];
  lines.push(
    config.llmProvider === 'offline'
      ? '  model: none, answers are extractive and marked "degraded"; set OPENAI_API_KEY, OPENAI_BASE_URL or GROQ_API_KEY'
      : `  model: ${config.llmProvider} ${config.llmModel}`,
  );
  if (config.env.AUTH_BYPASS) lines.push('  AUTH_BYPASS is on: requests without a token are the demo admin');
  if (config.seedDemo) lines.push(...server.app.get(DemoSeeder).welcome(url, server.app.get(DemoShop).url));
  return `${lines.join('\n')}\n\n`;
}

main().catch((error: unknown) => {
  process.stderr.write(`${explain(error)}\n`);
  process.exit(1);
});

function explain(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  const known = startFailure(error, loadConfig());
  if (known !== null) return `Switchboard could not start. ${known}`;
  const stack = error instanceof Error && error.stack !== undefined ? `\n${error.stack}` : '';
  return `Switchboard could not start: ${errorCause(error) || String(error)}${stack}`;
}
