/**
 * The provider stand-in as a process:  node test/support/openai-standin.cli.mjs --port 4010 --tokens 40 --delay 30
 * Prints one line of JSON with its address once it listens; ends with SIGINT, SIGTERM, or when its parent goes away.
 */
import { parseArgs } from 'node:util';
import { OpenAiStandIn } from './openai-standin-server.js';

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4010' },
    host: { type: 'string', default: '127.0.0.1' },
    tokens: { type: 'string' },
    delay: { type: 'string', default: '0' },
    'first-byte': { type: 'string', default: '0' },
    'api-key': { type: 'string' },
    reads: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`An OpenAI-compatible server without a model.
  --port 4010        0: any free port
  --tokens 40        tokens of every answer (default: an answer that fits the prompt)
  --delay 30         milliseconds between tokens
  --first-byte 200   milliseconds before the first
  --api-key KEY      the only key it accepts (default: any, or none)
  --reads            answers by word overlap with what it is shown, where it else takes any value that fits`);
} else {
  const standIn = await OpenAiStandIn.start({
    port: Number(values.port),
    host: values.host,
    tokens: values.tokens === undefined ? null : Number(values.tokens),
    tokenDelayMs: Number(values.delay),
    firstByteMs: Number(values['first-byte']),
    apiKey: values['api-key'] ?? null,
    reads: values.reads,
  });
  console.log(JSON.stringify({ url: standIn.url, port: standIn.port }));
  const stop = () => void standIn.stop().then(() => process.exit(0));
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, stop);
  process.once('disconnect', stop);
}
