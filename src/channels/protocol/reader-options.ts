import { InvalidInputError } from '#platform/errors';
import type { TenantSettings } from '#tenants';
import { z } from 'zod';
import { type ConversationName, conversationName } from './conversation-name.js';
import { conversationNameSchema, formatSchema, onDisconnectSchema } from './field-schemas.js';
import type { MessageOptions } from './parse-frame.js';
import { invalidInput } from '#platform/http';

/** How one reader wants a turn to be told. */
export interface ReaderOptions {
  readonly stream: boolean;
  readonly final: boolean;
  readonly format: 'markdown' | 'html';
}

/**
 * Judged on the values in force: neither tokens nor messages would bring nothing of any answer.
 * @throws InvalidInputError
 */
export function assertDelivers({ stream, final }: ReaderOptions): void {
  if (stream || final) return;
  const sentence = 'final: with stream=false as well nothing of the answer would be sent; leave one of the two on';
  throw new InvalidInputError(sentence, { field: 'final' });
}

/** What a connection's address says; undefined where it says nothing. */
export interface ConnectionOptions extends MessageOptions {
  readonly conversation: ConversationName | undefined;
  readonly resumeLatest: boolean;
}

const flag = z
  .enum(['true', 'false', '1', '0'], 'must be true or false')
  .transform((text) => text === 'true' || text === '1');
/** Digits in an address are a number only to a person: a key, like any other text. */
const parameters = z.object({
  stream: flag.optional(),
  final: flag.optional(),
  format: formatSchema.optional(),
  on_disconnect: onDisconnectSchema.optional(),
  conversation_id: conversationNameSchema.optional(),
  session_id: conversationNameSchema.optional(),
  resume: z.literal('latest', 'must be "latest"').optional(),
});

/**
 * The query of a socket's address. Parameters that nothing defines are left alone: proxies and pages add their own.
 * @throws InvalidInputError
 */
export function connectionOptions(query: URLSearchParams): ConnectionOptions {
  const given = Object.fromEntries(
    Object.keys(parameters.shape)
      .filter((name) => query.has(name))
      .map((name) => [name, query.get(name) ?? '']),
  );
  const result = parameters.safeParse(given);
  if (!result.success) throw invalidInput(result.error.issues, []);
  const {
    conversation_id: conversation,
    session_id: session,
    resume,
    on_disconnect: onDisconnect,
    ...rest
  } = result.data;
  return {
    stream: rest.stream,
    final: rest.final,
    format: rest.format,
    onDisconnect,
    conversation:
      session !== undefined
        ? conversationName(session, 'session_id')
        : conversation !== undefined
          ? conversationName(conversation, 'conversation_id')
          : undefined,
    resumeLatest: resume === 'latest',
  };
}

/**
 * The message over the connection over the tenant. A conversation under the client's own key is read by clients that append
 * every frame with a `content`: they get the text once, as tokens, unless they asked for no tokens or for the message.
 */
export function readerOptions(
  layers: readonly Partial<MessageOptions>[],
  tenant: TenantSettings['websocket'],
  byClientKey: boolean,
): ReaderOptions {
  const first = <K extends keyof MessageOptions>(name: K): MessageOptions[K] | undefined =>
    layers.map((layer) => layer[name]).find((value) => value !== undefined);
  const stream = first('stream') ?? tenant.stream;
  const final = first('final') ?? (byClientKey && stream ? false : tenant.final);
  return { stream, final, format: first('format') ?? tenant.format };
}
