/**
 * A stand-in for an OpenAI-compatible provider: the real wire on plain `node:http`, with delays, token counts and faults
 * that a test or the bench sets. Plain JavaScript, so that it also runs by itself (`openai-standin.cli.mjs`) without a
 * build; `openai-standin-server.d.ts` has the types.
 *
 *   POST /v1/chat/completions   streaming and not; response_format json_schema; tools with a forced choice
 *   POST /v1/embeddings         float and base64, `dimensions`
 *   GET  /v1/models
 *   GET  /control/stats · POST /control/script · POST /control/reset     for callers in another process
 */
import { createServer } from 'node:http';
import {
  answerText,
  hashedVector,
  lastUserText,
  promptText,
  questionOf,
  sampleValue,
  structuredRequest,
  tokenize,
} from './openai-standin-answers.js';
import { readAnswer, readStructured } from './openai-standin-reader.js';

const DEFAULTS = {
  port: 0,
  host: '127.0.0.1',
  /** Milliseconds before the first byte of an answer. */
  firstByteMs: 0,
  /** Milliseconds between two tokens. */
  tokenDelayMs: 0,
  /** Exactly this many tokens of filler; null: the answer that fits the prompt. */
  tokens: null,
  /** Cuts the stream into writes of this many bytes, wherever they fall; 0: one write a token. */
  chunkBytes: 0,
  /** Refuses other keys with 401 and a message that repeats the key, as OpenAI's does; null: any or none. */
  apiKey: null,
  supports: { jsonSchema: true, tools: true, usage: true, base64: true },
  dimensions: null,
  /** Answers by what it reads in the request (`openai-standin-reader.js`) rather than with any value that fits. */
  reads: false,
};

const EMBEDDING_DIMENSIONS = {
  'text-embedding-3-large': 3072,
  'text-embedding-3-small': 1536,
  'text-embedding-ada-002': 1536,
};
const FILLER = 'the order is on its way and will be with you soon as we said before so please wait a little more'.split(
  ' ',
);

export class OpenAiStandIn {
  static async start(options = {}) {
    const standIn = new OpenAiStandIn(options);
    await standIn.listen(standIn.options.port);
    return standIn;
  }

  constructor(options) {
    this.options = { ...DEFAULTS, ...options, supports: { ...DEFAULTS.supports, ...options.supports } };
    this.rules = [];
    this.structured = new Map();
    this.chat = null;
    this.calls = [];
    this.nonces = new Map();
    this.sockets = new Set();
    this.openRequests = 0;
    this.port = 0;
    this.nextId = 1;
  }

  get url() {
    return `http://${this.options.host}:${this.port}/v1`;
  }

  get openSockets() {
    return this.sockets.size;
  }

  /** Calls of `/chat/completions`. */
  get chatCalls() {
    return this.calls.filter((call) => call.path.endsWith('/chat/completions'));
  }

  async listen(port) {
    this.server = createServer((request, response) => {
      this.serve(request, response).catch((error) => response.destroy(error));
    });
    this.server.keepAliveTimeout = 60_000;
    this.server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
      socket.on('error', () => {});
      socket.setNoDelay(true);
    });
    await new Promise((resolve, reject) => {
      this.server.once('error', reject);
      this.server.listen(port, this.options.host, resolve);
    });
    this.port = this.server.address().port;
  }

  /** From now on connections are refused, until `accept`. */
  async refuse() {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  async accept() {
    await this.listen(this.port);
  }

  async stop() {
    if (this.server.listening) await this.refuse();
  }

  /** A rule for calls to come; the first matching rule with calls left decides. */
  script(rule) {
    const entry = { ...rule, used: 0 };
    this.rules.push(entry);
    return entry;
  }

  onStructured(name, answer) {
    this.structured.set(name, answer);
  }

  onChat(answer) {
    this.chat = answer;
  }

  /** Forgets rules, handlers, calls and counts; keeps the options. */
  reset() {
    this.rules.length = 0;
    this.structured.clear();
    this.chat = null;
    this.calls.length = 0;
    this.nonces.clear();
  }

  nonce(name) {
    let entry = this.nonces.get(name);
    if (entry === undefined) this.nonces.set(name, (entry = { calls: 0, open: 0, maxOpen: 0 }));
    return entry;
  }

  stats() {
    return {
      calls: this.calls.length,
      openRequests: this.openRequests,
      openSockets: this.openSockets,
      nonces: Object.fromEntries(this.nonces),
    };
  }

  async serve(request, response) {
    const path = (request.url ?? '/').split('?')[0];
    const raw = await readAll(request);
    if (path.startsWith('/control/')) return this.control(path, raw, response);
    let body;
    try {
      body = raw === '' ? {} : JSON.parse(raw);
    } catch {
      return sendError(response, 400, 'We could not parse the JSON body of your request.');
    }
    const call = {
      path,
      method: request.method,
      body,
      headers: request.headers,
      at: Date.now(),
      aborted: false,
      done: false,
    };
    this.calls.push(call);
    const name = /nonce[:=]\s*([\w-]+)/i.exec(lastUserText(body))?.[1];
    const nonce = name === undefined ? null : this.nonce(name);
    if (name !== undefined) call.nonce = name;
    this.openRequests++;
    if (nonce !== null) {
      nonce.calls++;
      nonce.maxOpen = Math.max(nonce.maxOpen, ++nonce.open);
    }
    response.once('close', () => {
      call.done = response.writableFinished;
      call.aborted = !response.writableFinished;
      call.closedAt = Date.now();
      this.openRequests--;
      if (nonce !== null) nonce.open--;
    });

    const rule = this.rules.find(
      (item) => (item.times === undefined || item.used < item.times) && matches(item.match, call),
    );
    if (rule !== undefined) rule.used++;
    const plan = { ...this.options, ...rule };
    if (!this.authorised(request, response, plan)) return undefined;
    if (this.refusedByFault(plan, response)) return undefined;
    await wait(plan.firstByteMs, response);
    if (response.destroyed) return undefined;
    if (path.endsWith('/models'))
      return sendJson(response, 200, { object: 'list', data: [{ id: 'stand-in', object: 'model' }] });
    if (path.endsWith('/embeddings')) return this.embeddings(body, plan, response);
    if (path.endsWith('/chat/completions')) return this.completions(body, plan, call, response);
    return sendError(response, 404, `Unknown request URL: ${request.method} ${path}`);
  }

  authorised(request, response, plan) {
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
    if (plan.fault?.kind === 'echo-key' || (plan.apiKey !== null && given !== plan.apiKey)) {
      const message = `Incorrect API key provided: ${given}. You can find your API key at https://platform.example.com.`;
      sendError(response, 401, message, { code: 'invalid_api_key', headers: { 'x-echo': given } });
      return false;
    }
    return true;
  }

  /** The faults that need no answer. True: dealt with. */
  refusedByFault(plan, response) {
    const fault = plan.fault;
    switch (fault?.kind) {
      case 'status': {
        const headers = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
        sendError(response, fault.status, fault.message ?? `The stand-in answers ${fault.status}`, { headers });
        return true;
      }
      case 'hang':
        return true;
      case 'reset-at-once':
        response.socket.resetAndDestroy();
        return true;
      case 'html':
        response.writeHead(200, { 'content-type': 'text/html' });
        response.end('<!doctype html><html><body><h1>Sign in to the captive portal</h1></body></html>');
        return true;
      default:
        return false;
    }
  }

  embeddings(body, plan, response) {
    const inputs = Array.isArray(body.input) ? body.input : [body.input];
    if (inputs.length > 2048) return sendError(response, 400, "'input' must have at most 2048 items");
    if (inputs.some((text) => typeof text !== 'string' || text === ''))
      return sendError(response, 400, "'input' cannot be empty");
    if (plan.fault?.kind === 'bad-json') return sendRaw(response, '{"object":"list","data":[{"embedd');
    const dimensions = body.dimensions ?? plan.dimensions ?? EMBEDDING_DIMENSIONS[body.model] ?? 384;
    const base64 = body.encoding_format === 'base64' && plan.supports.base64;
    const data = inputs.map((text, index) => {
      const vector = hashedVector(text, dimensions);
      return {
        object: 'embedding',
        index,
        embedding: base64 ? Buffer.from(vector.buffer).toString('base64') : Array.from(vector),
      };
    });
    if (plan.fault?.kind === 'short') data.pop();
    const tokens = inputs.reduce((sum, text) => sum + countTokens(text), 0);
    return sendJson(response, 200, {
      object: 'list',
      model: body.model,
      data,
      usage: { prompt_tokens: tokens, total_tokens: tokens },
    });
  }

  async completions(body, plan, call, response) {
    if (body.response_format?.type === 'json_schema' && !plan.supports.jsonSchema) {
      return sendError(
        response,
        400,
        "Invalid parameter: 'response_format' of type 'json_schema' is not supported with this model.",
        {
          param: 'response_format',
        },
      );
    }
    if (body.tools !== undefined && !plan.supports.tools) {
      return sendError(response, 400, 'This model does not support tools', { param: 'tools' });
    }
    const answer = this.compose(body, plan, call);
    const prompt = (body.messages ?? []).reduce(
      (sum, message) => sum + countTokens(JSON.stringify(message.content ?? '')),
      0,
    );
    const completion = answer.toolCall === undefined ? answer.pieces.length : countTokens(answer.toolCall.arguments);
    const usage = plan.usage ?? {
      prompt_tokens: prompt,
      completion_tokens: completion,
      total_tokens: prompt + completion,
    };
    const head = {
      id: `chatcmpl-${this.nextId++}`,
      created: Math.floor(Date.now() / 1000),
      model: body.model ?? 'stand-in',
    };
    if (body.stream === true) return this.streamAnswer({ body, plan, answer, usage, head, response });
    if (plan.fault?.kind === 'bad-json') return sendRaw(response, '{"id":"chatcmpl-1","choices":[{"mess');
    if (plan.fault?.kind === 'reset') return response.socket.resetAndDestroy();
    const message =
      answer.toolCall === undefined
        ? { role: 'assistant', content: answer.pieces.join('') }
        : {
            role: 'assistant',
            content: null,
            tool_calls: [{ id: 'call_1', type: 'function', function: answer.toolCall }],
          };
    const finish_reason = answer.toolCall === undefined ? (plan.finishReason ?? 'stop') : 'tool_calls';
    return sendJson(response, 200, {
      ...head,
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason, logprobs: null }],
      ...(plan.supports.usage ? { usage } : {}),
    });
  }

  /** The whole answer as pieces to send, or a tool call. */
  compose(body, plan, call) {
    const wanted = structuredRequest(body);
    if (wanted !== null) {
      const handler = this.structured.get(wanted.name);
      const given =
        plan.value ??
        handler ??
        (plan.reads
          ? (request) => readStructured(request, wanted)
          : (request) => sampleValue(wanted.schema, questionOf(lastUserText(request)), promptText(request)));
      const value = typeof given === 'function' ? given(body, wanted) : given;
      const json = plan.fault?.kind === 'bad-value-json' ? '{"intents": [' : JSON.stringify(value);
      if (wanted.how === 'tool') return { pieces: [], toolCall: { name: wanted.name, arguments: json } };
      return { pieces: tokenize(wanted.how === 'text' ? `Here it is:\n\`\`\`json\n${json}\n\`\`\`` : json) };
    }
    if (plan.pieces !== undefined) return { pieces: plan.pieces };
    if (typeof plan.tokens === 'number') {
      return {
        pieces: Array.from(
          { length: plan.tokens },
          (_, index) => (index === 0 ? '' : ' ') + FILLER[index % FILLER.length],
        ),
      };
    }
    const own =
      plan.text ?? this.chat ?? (plan.reads ? (request) => readAnswer(request) ?? answerText(request) : answerText);
    const text = typeof own === 'function' ? own(body) : own;
    return { pieces: tokenize(call.nonce === undefined ? text : `${text} nonce:${call.nonce}`) };
  }

  async streamAnswer({ body, plan, answer, usage, head, response }) {
    const { fault } = plan;
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
    response.flushHeaders();
    const frame = { ...head, object: 'chat.completion.chunk' };
    const before = `data: ${JSON.stringify(frame).slice(0, -1)},"choices":[{"index":0,"delta":{"content":`;
    const after = '},"logprobs":null,"finish_reason":null}]}\n\n';
    const writer = new StreamWriter(response, plan.chunkBytes);
    const event = (delta, finish_reason = null) =>
      writer.write(
        `data: ${JSON.stringify({ ...frame, choices: [{ index: 0, delta, logprobs: null, finish_reason }] })}\n\n`,
      );
    await event({ role: 'assistant', content: '' });
    if (answer.toolCall !== undefined) {
      await event({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: answer.toolCall }] });
    }
    const started = Date.now();
    const pieces = fault?.kind === 'split-utf8' ? ['Grüße', ' aus', ' Zürich', ' 👩‍👩‍👧', ' – 漢字', ' ✅'] : answer.pieces;
    if (fault?.kind === 'split-utf8') writer.chunkBytes = 1;
    for (let index = 0; fault?.kind === 'endless' || index < pieces.length; index++) {
      if (plan.tokenDelayMs > 0) await wait(started + (index + 1) * plan.tokenDelayMs - Date.now(), response);
      if (response.destroyed) return;
      if (index >= (fault?.after ?? 1) && (await this.breakStream(fault, writer, response))) return;
      await writer.write(before + JSON.stringify(pieces[index % pieces.length] ?? 'x') + after);
    }
    // A text shorter than `after` still meets its fault.
    if (fault !== undefined && (await this.breakStream(fault, writer, response))) return;
    if (fault?.kind !== 'no-finish') {
      await event({}, answer.toolCall === undefined ? (plan.finishReason ?? 'stop') : 'tool_calls');
      if (body.stream_options?.include_usage === true && plan.supports.usage) {
        await writer.write(`data: ${JSON.stringify({ ...frame, choices: [], usage })}\n\n`);
      }
      if (fault?.kind !== 'no-done') await writer.write('data: [DONE]\n\n');
    }
    response.end();
  }

  /** True: the stream has been broken off, or left hanging. */
  async breakStream(fault, writer, response) {
    switch (fault?.kind) {
      case 'hang-mid':
        return true;
      case 'reset':
        // A reset overtakes what was sent just before it.
        await wait(30, response);
        response.socket?.resetAndDestroy();
        return true;
      case 'bad-json':
        await writer.write('data: {"choices":[{"delta":{"content":"x"\n\n');
        response.end('data: [DONE]\n\n');
        return true;
      case 'error-event':
        await writer.write(
          'data: {"error":{"message":"The server had an error while processing your request","type":"server_error"}}\n\n',
        );
        response.end();
        return true;
      case 'huge-chunk':
        await writer.write(
          `data: {"choices":[{"delta":{"content":"${'x'.repeat(fault.bytes ?? 10 * 1024 * 1024)}"}}]}\n\n`,
        );
        response.end('data: [DONE]\n\n');
        return true;
      default:
        return false;
    }
  }

  control(path, raw, response) {
    if (path === '/control/stats') return sendJson(response, 200, this.stats());
    if (path === '/control/reset') this.reset();
    else if (path === '/control/script') this.script(JSON.parse(raw));
    else return sendError(response, 404, 'stats, script or reset');
    return sendJson(response, 200, { ok: true });
  }
}

/** Writes with back-pressure, in one piece or cut at any byte. */
class StreamWriter {
  constructor(response, chunkBytes) {
    this.response = response;
    this.chunkBytes = chunkBytes;
  }

  async write(text) {
    if (this.chunkBytes === 0) return this.push(text);
    const bytes = Buffer.from(text);
    for (let at = 0; at < bytes.length; at += this.chunkBytes) {
      await this.push(bytes.subarray(at, at + this.chunkBytes));
      await new Promise((resolve) => setImmediate(resolve));
    }
    return undefined;
  }

  async push(data) {
    if (this.response.destroyed || this.response.write(data)) return;
    await new Promise((resolve) => {
      const go = () => {
        this.response.off('drain', go);
        this.response.off('close', go);
        resolve();
      };
      this.response.on('drain', go);
      this.response.on('close', go);
    });
  }
}

function matches(match, call) {
  if (match === undefined) return true;
  if (typeof match === 'function') return match(call);
  if (match.path !== undefined && !call.path.endsWith(match.path)) return false;
  if (match.stream !== undefined && (call.body.stream === true) !== match.stream) return false;
  if (match.nonce !== undefined && call.nonce !== match.nonce) return false;
  if (match.structured !== undefined && structuredRequest(call.body)?.name !== match.structured) return false;
  return match.contains === undefined || JSON.stringify(call.body).includes(match.contains);
}

function countTokens(text) {
  return Math.max(1, Math.ceil(text.length / 4));
}

async function readAll(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString('utf8');
}

function wait(ms, response) {
  if (!(ms > 0)) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(finish, ms);
    function finish() {
      clearTimeout(timer);
      response.off('close', finish);
      resolve();
    }
    response.once('close', finish);
  });
}

function sendJson(response, status, value, headers = {}) {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(value));
}

function sendRaw(response, text) {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(text);
}

function sendError(response, status, message, { param = null, code = null, headers = {} } = {}) {
  const type = status === 429 ? 'rate_limit_error' : status >= 500 ? 'server_error' : 'invalid_request_error';
  sendJson(response, status, { error: { message, type, param, code } }, headers);
}
