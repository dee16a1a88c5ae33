import { type Access, CredentialService, withQuery } from '#llm';
import { OutboundClient, OutboundError, type OutboundResponse, TenantAllowList } from '#platform/outbound';
import type { Concealer } from '#platform/secrets';
import { Injectable } from '@nestjs/common';
import { type HttpToolConfig, parseHttpToolConfig, usedPlaceholders } from './http-tool.config.js';
import { fillTemplate, headerValue } from './request-template.js';
import { readPath } from './result-path.js';
import { type ToolCallContext, type ToolDefinition, toolFailure, type ToolFailure, type ToolResult } from './tool.js';
import { sanitizeToolData, sanitizeToolText } from './tool-text.js';
import { fillUrlTemplate, type PlaceholderValues, UrlTemplateError } from './url-template.js';

type Arguments = Readonly<Record<string, unknown>>;

const MAX_TEXT = 20_000;
const MAX_MESSAGE = 300;
const MAX_ITEMS = 100;
const NO_ACCESS = "This tool's access is not set up. An administrator must check its credential.";
/** Statuses whose message is about the request and meant for whoever made it. */
const EXPLAINED = new Set([400, 404, 409, 410, 422]);

/** Runs tools that are an HTTP request to somebody's server, through the outbound client. */
@Injectable()
export class HttpTool {
  constructor(
    private readonly outbound: OutboundClient,
    private readonly allowList: TenantAllowList,
    private readonly credentials: CredentialService,
  ) {}

  /** What is wrong with a tool's `config`, its address included; for when a tool is saved. */
  faults(tenantId: string, config: unknown): readonly string[] {
    const parsed = parseHttpToolConfig(config);
    if (!parsed.ok) return parsed.faults;
    try {
      this.outbound.checkUrl(
        fillUrlTemplate(parsed.config.url, () => 'x'),
        this.allowList.for(tenantId),
      );
      return [];
    } catch (error) {
      if (error instanceof OutboundError) return [`url: ${error.message}`];
      throw error;
    }
  }

  /** Where its requests go, with a stand-in for each value: enough to say which server that is. */
  exampleUrl(config: unknown): string {
    const parsed = parseHttpToolConfig(config);
    return parsed.ok ? fillUrlTemplate(parsed.config.url, () => 'x') : '';
  }

  /** @param args valid against the definition's schema */
  async execute(definition: ToolDefinition, args: Arguments, context: ToolCallContext): Promise<ToolResult> {
    const parsed = parseHttpToolConfig(definition.config);
    if (!parsed.ok) {
      return toolFailure('TOOL_ERROR', 'This tool is not set up correctly. An administrator must check its settings.');
    }
    const { config } = parsed;
    try {
      const request = this.request(config, definition, args, context);
      const access = await this.accessTo(definition, request.url, context);
      if (access === null) return toolFailure('TOOL_ERROR', NO_ACCESS);
      const answer = await this.outbound.request({
        url: withQuery(request.url, access),
        headers: { ...request.headers, ...access.headers },
        body: request.body,
        method: config.method,
        signal: context.signal,
        allow: this.allowList.for(context.ctx.tenantId),
        maxBytes: config.max_bytes,
        timeoutMs: config.timeout_ms,
        confined: { headers: Object.keys(access.headers), covers: access.covers },
      });
      const body = readBody(answer, access.conceal);
      return isSuccess(answer.status) ? success(config, body) : refusal(answer.status, body);
    } catch (error) {
      if (error instanceof UrlTemplateError) return invalid(error);
      if (error instanceof OutboundError) return outboundFailure(error);
      throw error;
    }
  }

  /** null: the credential is gone, does not open, or is for another address. */
  private async accessTo(definition: ToolDefinition, url: string, { ctx }: ToolCallContext): Promise<Access | null> {
    const { credentialId = null } = definition;
    if (credentialId === null) return { headers: {}, query: {}, conceal: (text) => text, covers: () => true };
    const access = await this.credentials.access(ctx, credentialId, url);
    return typeof access === 'string' ? null : access;
  }

  private request(
    config: HttpToolConfig,
    definition: ToolDefinition,
    args: Arguments,
    context: ToolCallContext,
  ): { url: string; headers: Record<string, string>; body?: string } {
    const values = placeholderValues(args, context);
    const url = fillUrlTemplate(config.url, values);
    const headers: Record<string, string> = { accept: 'application/json, text/plain;q=0.8, */*;q=0.1' };
    for (const [name, template] of Object.entries(config.headers)) {
      const value = headerValue(template, values);
      if (value !== null) headers[name.toLowerCase()] = value;
    }
    if (!definition.readOnly) headers['idempotency-key'] = context.idempotencyKey;
    const body = bodyOf(config, args, values);
    if (body === undefined) return { url, headers };
    return { url, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
  }
}

function placeholderValues(args: Arguments, { ctx, conversationId }: ToolCallContext): PlaceholderValues {
  const caller: Readonly<Record<string, string | undefined>> = {
    'caller.id': ctx.principal.id,
    'caller.persona': ctx.principal.persona ?? undefined,
    'tenant.id': ctx.tenantId,
    'conversation.id': conversationId,
  };
  // Arguments cannot have a dot in their placeholder, so none of them can pose as the caller.
  return (name) => (name.includes('.') ? caller[name] : Object.hasOwn(args, name) ? args[name] : undefined);
}

function bodyOf(config: HttpToolConfig, args: Arguments, values: PlaceholderValues): unknown {
  const kind = config.body ?? (['POST', 'PUT', 'PATCH'].includes(config.method) ? 'json' : 'none');
  if (kind === 'none') return undefined;
  if (kind !== 'json') return fillTemplate(kind, values);
  const used = new Set(usedPlaceholders(config));
  return Object.fromEntries(Object.entries(args).filter(([name]) => !used.has(name)));
}

function success(config: HttpToolConfig, body: Body): ToolResult {
  if (!body.ok) {
    return toolFailure('TOOL_ERROR', 'The service answered in a form that could not be read.', {
      outcomeUnknown: false,
    });
  }
  const data = config.result_path === undefined ? body.value : readPath(body.value, config.result_path);
  if (data === undefined) {
    return toolFailure('TOOL_ERROR', 'The service answered without the expected result.');
  }
  const text = typeof data === 'string' ? { text: data } : {};
  if (config.payload_type === undefined) return { ok: true, data, ...text };
  const found = config.items_path === undefined ? data : readPath(body.value, config.items_path);
  const items = Array.isArray(found) ? found.slice(0, MAX_ITEMS) : found === undefined || found === null ? [] : [found];
  return { ok: true, data, ...text, payload: { payloadType: config.payload_type, items } };
}

/** An answer that says no. Who reads it is not the tool's administrator, so only what concerns the request is repeated. */
function refusal(status: number, body: Body): ToolFailure {
  const said = EXPLAINED.has(status) ? messageOf(body) : null;
  switch (status) {
    case 404:
    case 410:
      return toolFailure('NOT_FOUND', said ?? 'The service found nothing for this.');
    case 401:
    case 403:
    case 407:
      return toolFailure(
        'TOOL_ERROR',
        "The service refused this tool's access. An administrator must check its credentials.",
      );
    case 408:
    case 429:
      return toolFailure('TOOL_ERROR', 'The service is busy. Please try again in a moment.', { retryable: true });
  }
  if (status >= 500) {
    return toolFailure('TOOL_ERROR', 'The service has a problem at the moment. Please try again later.', {
      retryable: true,
      // A gateway that gave up says nothing about what happened behind it, nor does a server that stumbled on the way.
      outcomeUnknown: status !== 501 && status !== 503,
    });
  }
  return toolFailure('TOOL_ERROR', said ?? 'The service did not accept this request.');
}

function outboundFailure(error: OutboundError): ToolFailure {
  const outcomeUnknown = error.sent;
  switch (error.code) {
    case 'TIMEOUT':
      return toolFailure('TIMEOUT', 'The service did not answer in time. Please try again later.', {
        retryable: true,
        outcomeUnknown,
      });
    case 'NETWORK':
    case 'ABORTED':
      return toolFailure('TOOL_ERROR', error.message, { retryable: true, outcomeUnknown });
    case 'TOO_LARGE':
    case 'BLOCKED':
    case 'INVALID_URL':
    case 'INVALID_REQUEST':
      return toolFailure('TOOL_ERROR', error.message, { outcomeUnknown });
  }
}

function invalid(error: UrlTemplateError): ToolFailure {
  if (error.argument === null) return toolFailure('TOOL_ERROR', error.message);
  const message = error.message.replace(`${error.argument} `, '');
  return toolFailure('INVALID_INPUT', `Please check: ${error.message}.`, {
    errors: [{ path: error.argument, message }],
  });
}

type Body = { readonly ok: true; readonly value: unknown } | { readonly ok: false };

/** JSON where the answer is JSON, else its text, without the secret: a server that repeats it would show it to whoever chats. */
function readBody(answer: OutboundResponse, conceal: Concealer): Body {
  if (answer.body.length === 0) return { ok: true, value: null };
  const type = answer.headers['content-type'] ?? '';
  const text = conceal(answer.body.toString('utf8'));
  if (/[/+]json\b/i.test(type)) {
    try {
      return { ok: true, value: sanitizeToolData(JSON.parse(text), undefined, conceal) };
    } catch {
      return { ok: false };
    }
  }
  const readable = type === '' || /^text\/|[/+]xml\b/i.test(type);
  return readable ? { ok: true, value: sanitizeToolText(text, MAX_TEXT, conceal) } : { ok: false };
}

/** The sentence of an error answer in one of the usual shapes. */
function messageOf(body: Body): string | null {
  if (!body.ok) return null;
  for (const path of ['message', 'error.message', 'detail', 'error_description', 'error']) {
    const found = readPath(body.value, path);
    if (typeof found === 'string' && found.trim() !== '') return sanitizeToolText(found, MAX_MESSAGE);
  }
  return null;
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}
