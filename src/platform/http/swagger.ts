import type { AppConfig } from '#platform/config';
import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import { z } from 'zod';
import { FEATURE_EXTENSION, PUBLIC_EXTENSION, QUOTA_EXTENSION, type QuotaName } from './decorators.js';
import { problemSchema } from './problem.js';

const METHODS = ['get', 'put', 'post', 'delete', 'patch'] as const;
const PROBLEMS: Readonly<Record<string, string>> = {
  '400': 'Not JSON, or a field that nothing defines',
  '401': 'No valid access token',
  '404': 'Not found or access denied',
  '409': 'In conflict with the current state',
  '422': 'A value out of type, shape or range',
  default: 'Any other fault',
};

/** In the order in which somebody new needs them; every operation's tag is one of these (`swagger.int-spec`). */
const TAGS: Readonly<Record<string, string>> = {
  auth: 'Sign in, sign out, tokens for your own users',
  chat: 'Ask, and get the answer at once or as it is written',
  conversations: 'Your own conversations, messages and turns',
  agents: 'Who answers, and what for',
  tools: 'What agents may do',
  knowledge: 'What agents know: knowledge bases, documents, search',
  widgets: 'Chat on a website, and its visitors',
  users: 'People of the tenant, and what is stored of one of them',
  invitations: 'Letting people in by email',
  sessions: 'Who is signed in, and where',
  'api-keys': 'Access for programs',
  credentials: 'Secrets of other servers; write-only',
  'trusted-issuers': 'Other servers whose tokens are taken',
  settings: 'How the tenant works',
  'conversations of all users': 'For staff',
  usage: 'What was used, what it cost, and what is left',
  'audit-log': 'Who changed what',
  jobs: 'Work that takes a while, such as exports',
  tenants: 'For platform admins: tenants from their first day to their last',
  demo: 'What the demo shows',
  operations: 'Health and figures',
};

/** The OpenAPI document, from the same schemas that validate requests. Committed as `test/contract/openapi.json`. */
export function openApiDocument(app: INestApplication, version: string): OpenAPIObject {
  const options = new DocumentBuilder()
    .setTitle('Switchboard')
    .setDescription(
      'Sign in with POST /api/auth/login, copy `access_token` into "Authorize", and try the rest. An API key (`sk_…`) works as well.\n\n' +
        'Texts are measured in UTF-16 units, as JavaScript does; `maxLength` in this document, and in the `input_schema` of a tool, ' +
        'counts characters, as JSON Schema does. `minLength` is characters everywhere.',
    )
    .setVersion(version)
    .setLicense('Apache-2.0', 'https://www.apache.org/licenses/LICENSE-2.0')
    .addServer('/', 'This server')
    .addBearerAuth({ type: 'http', scheme: 'bearer', bearerFormat: 'JWT' }, 'bearer')
    .addSecurityRequirements('bearer');
  for (const [tag, description] of Object.entries(TAGS)) options.addTag(tag, description);
  const document = SwaggerModule.createDocument(app, options.build(), {
    operationIdFactory: (controller, method) => `${controller.replace(/Controller$/, '')}_${method}`,
  });
  return withProblems(document);
}

/** `/docs` and `/docs-json`. In production only with DOCS_PUBLIC. */
export function setupSwagger(app: INestApplication, config: AppConfig, version: string): void {
  if (config.production && !config.env.DOCS_PUBLIC) return;
  SwaggerModule.setup('docs', app, () => openApiDocument(app, version), {
    jsonDocumentUrl: 'docs-json',
    yamlDocumentUrl: 'docs-yaml',
    customSiteTitle: 'Switchboard API',
    swaggerOptions: { persistAuthorization: true, displayRequestDuration: true, tryItOutEnabled: true },
  });
}

function withProblems(document: OpenAPIObject): OpenAPIObject {
  const schemas = { ...document.components?.schemas, Problem: problemObject() };
  document.components = { ...document.components, schemas };
  const content = { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } };
  for (const [route, path] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation: Record<string, unknown> | undefined = path[method] as Record<string, unknown> | undefined;
      if (operation === undefined) continue;
      nameExample(operation, schemas);
      operation['parameters'] = [...undeclared(route, operation), ...parametersOf(operation)];
      const open = operation[PUBLIC_EXTENSION] === true;
      if (open) operation['security'] = [];
      delete operation[PUBLIC_EXTENSION];
      const responses = operation['responses'] as Record<string, unknown>;
      sayEventsAreText(responses);
      const feature = operation[FEATURE_EXTENSION] as string | undefined;
      for (const [status, description] of Object.entries({
        ...PROBLEMS,
        403: forbiddenTo(open, feature),
        429: tooMany(operation[QUOTA_EXTENSION] as QuotaName | undefined),
      })) {
        if (description !== '') responses[status] ??= { description, content };
      }
    }
  }
  sayTypeOfNullables(document.components.schemas);
  return document;
}

function forbiddenTo(open: boolean, feature: string | undefined): string {
  const reasons = [
    ...(open ? [] : ['the role does not allow it']),
    ...(feature === undefined ? [] : [`the operator has not enabled the feature "${feature}" for the tenant`]),
  ];
  const text = reasons.join(', or ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

const QUOTAS: Readonly<Record<QuotaName, string>> = {
  users: 'the tenant has as many users of staff as `limits.users` allows; waiting changes nothing',
  storage_mb: 'there is no more room for documents within `limits.storage_mb`; waiting changes nothing',
  budget: 'nothing is left of a budget of the day or month (`limits.budget_day_usd`, `limits.budget_month_usd`)',
};

function tooMany(quota: QuotaName | undefined): string {
  const requests = 'Too many requests; see Retry-After';
  return quota === undefined ? requests : `${requests}. Or QUOTA_EXCEEDED: ${QUOTAS[quota]}`;
}

/** What `@ApiProduces` says of a stream beside a JSON answer: its frames, not that answer. */
function sayEventsAreText(responses: Record<string, unknown>): void {
  for (const response of Object.values(responses)) {
    const events = (response as { content?: Record<string, MediaType> }).content?.['text/event-stream'];
    if (events !== undefined) events.schema = { type: 'string', description: 'Server-sent events; `data` is a frame' };
  }
}

/** OpenAPI 3.0 lets only what has a type be null; what refers to another schema is an object. */
function sayTypeOfNullables(part: unknown): void {
  if (typeof part !== 'object' || part === null) return;
  const schema = part as Record<string, unknown>;
  if (schema['nullable'] === true && schema['type'] === undefined && Array.isArray(schema['allOf']))
    schema['type'] = 'object';
  for (const member of Object.values(schema)) sayTypeOfNullables(member);
}

interface MediaType {
  schema?: Record<string, unknown>;
  example?: unknown;
}

/**
 * What "Try it out" offers to send: the schema's own example; of a body whose fields may all be left out, the fields that have one.
 * Otherwise Swagger UI invents a value for every field, and what it invents is refused.
 */
function nameExample(operation: Record<string, unknown>, schemas: Record<string, unknown>): void {
  const body = operation['requestBody'] as { content?: Record<string, MediaType> } | undefined;
  const json = body?.content?.['application/json'];
  if (json === undefined || json.example !== undefined) return;
  const name = typeof json.schema?.['$ref'] === 'string' ? json.schema['$ref'].split('/').at(-1) : undefined;
  const schema = name === undefined ? json.schema : (schemas[name] as Record<string, unknown> | undefined);
  const [given] = (schema?.['examples'] as unknown[] | undefined) ?? [];
  const example = given ?? schema?.['example'] ?? (schema?.['required'] === undefined ? ofFields(schema) : undefined);
  if (example !== undefined) json.example = example;
}

function ofFields(schema: Record<string, unknown> | undefined): Record<string, unknown> {
  const fields = Object.entries((schema?.['properties'] ?? {}) as Record<string, { example?: unknown }>);
  return Object.fromEntries(
    fields.flatMap(([field, { example }]) => (example === undefined ? [] : [[field, example]])),
  );
}

interface Parameter {
  readonly name: string;
  readonly in: string;
}

function parametersOf(operation: Record<string, unknown>): Parameter[] {
  return (operation['parameters'] as Parameter[] | undefined) ?? [];
}

/** Parts of the path that a handler does not read itself, such as `{tenant}`, which a guard does: they are asked for too. */
function undeclared(route: string, operation: Record<string, unknown>): (Parameter & Record<string, unknown>)[] {
  const declared = parametersOf(operation).flatMap((parameter) => (parameter.in === 'path' ? [parameter.name] : []));
  return [...route.matchAll(/\{(\w+)\}/g)]
    .map(([, name = '']) => name)
    .filter((name) => !declared.includes(name))
    .map((name) => ({
      name,
      in: 'path',
      required: true,
      ...(name === 'tenant' ? { description: 'Slug or id of your own tenant', example: 'acme' } : {}),
      schema: { type: 'string' },
    }));
}

function problemObject(): NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>[string] {
  const { definitions } = z.toJSONSchema(problemSchema, { target: 'openapi-3.0', io: 'output' }) as {
    definitions?: Record<string, object>;
  };
  return { ...definitions?.['Problem'] };
}
