import { DomainError, InvalidInputError } from '#platform/errors';
import { invalidInput } from '#platform/http';
import type { z } from 'zod';
import { type authFrame, CLIENT_FRAMES, LATER_TYPES, type ServedType, type UserMessage } from './client-frames.js';
import { type ConversationName, conversationName } from './conversation-name.js';
import { MOST_REF } from './field-schemas.js';
import { respell } from './spellings.js';

/** What can be said about a frame in the answer to it, even when the frame itself is refused. */
export interface Echo {
  readonly ref?: string;
  readonly client_message_id?: string;
  readonly conversation_id?: string;
  readonly session_id?: string | number;
  readonly turn_id?: string;
}

interface Echoed {
  readonly echo: Echo;
}
export interface BadFrame extends Echoed {
  readonly type: 'bad';
  readonly error: DomainError;
}
export interface AuthFrame extends Echoed {
  readonly type: 'auth';
  readonly token: z.output<typeof authFrame>['token'];
}
export interface UserMessageFrame extends Echoed, MessageOptions {
  readonly type: 'user_message';
  readonly content: string;
  /** Undefined: as the connection's address says, or a new one. */
  readonly conversation: ConversationName | undefined;
  readonly clientMessageId: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly agent: string | null;
}
/** Each as the message says; undefined where it says nothing. */
export interface MessageOptions {
  readonly stream: boolean | undefined;
  readonly final: boolean | undefined;
  readonly format: 'markdown' | 'html' | undefined;
  readonly onDisconnect: 'continue' | 'cancel' | undefined;
}
export interface AbortFrame extends Echoed {
  readonly type: 'abort';
  readonly conversation: ConversationName | undefined;
  readonly turnId: string | undefined;
}
export interface RegenerateFrame extends Echoed {
  readonly type: 'regenerate';
  readonly turnId: string;
}
export interface ResumeFrame extends Echoed {
  readonly type: 'resume';
  readonly conversation: ConversationName;
  /** 'now': nothing of the past but the context. */
  readonly afterSeq: number | 'now';
}
export interface UnsubscribeFrame extends Echoed {
  readonly type: 'unsubscribe';
  readonly conversation: ConversationName;
}
export interface FeedbackFrame extends Echoed {
  readonly type: 'feedback';
  readonly messageId: string;
  readonly rating: 'up' | 'down';
  readonly comment: string;
}
export interface EscalateFrame extends Echoed {
  readonly type: 'escalate';
  readonly conversation: ConversationName;
  readonly reason: string;
}
export interface TypingFrame extends Echoed {
  readonly type: 'typing';
  readonly conversation: ConversationName;
  readonly on: boolean;
}
export interface PingFrame extends Echoed {
  readonly type: 'ping';
}
export type ClientFrame =
  | BadFrame
  | AuthFrame
  | UserMessageFrame
  | AbortFrame
  | RegenerateFrame
  | ResumeFrame
  | UnsubscribeFrame
  | EscalateFrame
  | FeedbackFrame
  | TypingFrame
  | PingFrame;

const FIELDS = Object.fromEntries(
  Object.entries(CLIENT_FRAMES).map(([type, schema]) => [type, new Set(Object.keys(schema.shape))]),
) as unknown as Readonly<Record<ServedType, ReadonlySet<string>>>;

/** Reads one text frame of a client. Never throws: what cannot be used comes back as a `bad` frame with what to say. */
export function parseFrame(text: string): ClientFrame {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return bad('The frame is not JSON: send one JSON object in a text frame', {});
  }
  if (!isObject(value)) return bad('The frame is not a JSON object: send {"type":"user_message","content":"…"}', {});
  const echo = echoOf(value);
  const type = typeOf(value);
  if (type instanceof DomainError) return { type: 'bad', error: type, echo };
  try {
    return read(type, value, echo);
  } catch (error) {
    if (error instanceof DomainError) return { type: 'bad', error, echo };
    // A value so deep that checking it overflows the stack.
    return bad('The frame cannot be read: it is nested too deeply', echo);
  }
}

/**
 * The body of `POST chat`: a `user_message` in any of the accepted spellings.
 * @throws InvalidInputError
 */
export function parseUserMessage(body: Readonly<Record<string, unknown>>): UserMessageFrame {
  const echo = echoOf(body);
  const type = typeOf(body);
  if (type instanceof DomainError) throw type;
  if (type !== 'user_message') throw new InvalidInputError('type: must be "user_message" here', { field: 'type' });
  return read(type, body, echo) as UserMessageFrame;
}

function read(type: ServedType, value: Readonly<Record<string, unknown>>, echo: Echo): ClientFrame {
  refuseForgedKeys(value);
  const { fields, clientName, doubled } = respell(value, FIELDS[type]);
  if (doubled !== null) {
    throw new InvalidInputError(`${doubled[1]}: means the same as ${doubled[0]}; send one of them`, {
      field: doubled[1],
    });
  }
  fields['type'] = type;
  const named = (name: string | number) => conversationName(name, clientName('conversation_id'));
  switch (type) {
    case 'auth': {
      const frame = checked(CLIENT_FRAMES.auth, fields, clientName);
      return { type, echo, token: frame.token };
    }
    case 'user_message': {
      const frame = checked(CLIENT_FRAMES.user_message, fields, clientName);
      const { conversation_id: conversation } = frame;
      return {
        type,
        echo,
        ...message(frame),
        conversation: conversation === undefined ? undefined : named(conversation),
      };
    }
    case 'abort': {
      const frame = checked(CLIENT_FRAMES.abort, fields, clientName);
      const conversation = frame.conversation_id === undefined ? undefined : existing(named(frame.conversation_id));
      return { type, echo, conversation, turnId: frame.turn_id };
    }
    case 'regenerate': {
      const frame = checked(CLIENT_FRAMES.regenerate, fields, clientName);
      return { type, echo, turnId: frame.turn_id };
    }
    case 'resume': {
      const frame = checked(CLIENT_FRAMES.resume, fields, clientName);
      return { type, echo, conversation: existing(named(frame.conversation_id)), afterSeq: frame.after_seq ?? 'now' };
    }
    case 'unsubscribe': {
      const frame = checked(CLIENT_FRAMES.unsubscribe, fields, clientName);
      return { type, echo, conversation: existing(named(frame.conversation_id)) };
    }
    case 'feedback': {
      const { comment, message_id: messageId, rating } = checked(CLIENT_FRAMES.feedback, fields, clientName);
      return { type, echo, messageId, rating, comment };
    }
    case 'escalate': {
      const frame = checked(CLIENT_FRAMES.escalate, fields, clientName);
      return { type, echo, conversation: existing(named(frame.conversation_id)), reason: frame.reason };
    }
    case 'typing': {
      const frame = checked(CLIENT_FRAMES.typing, fields, clientName);
      return { type, echo, conversation: existing(named(frame.conversation_id)), on: frame.on };
    }
    case 'ping':
      checked(CLIENT_FRAMES.ping, fields, clientName);
      return { type, echo };
  }
}

function message(frame: UserMessage): Omit<UserMessageFrame, 'type' | 'echo' | 'conversation'> {
  return {
    content: frame.content,
    clientMessageId: frame.client_message_id ?? null,
    metadata: frame.metadata ?? {},
    agent: frame.agent ?? null,
    stream: frame.stream,
    final: frame.final,
    format: frame.format,
    onDisconnect: frame.on_disconnect,
  };
}

/** The type as the protocol spells it; absent means a message. */
function typeOf(value: Readonly<Record<string, unknown>>): ServedType | InvalidInputError {
  const given = Object.hasOwn(value, 'type') ? value['type'] : 'user_message';
  const type = given === '/abort' ? 'abort' : given;
  if (typeof type !== 'string') return new InvalidInputError('type: must be a string', { field: 'type' });
  if (LATER_TYPES.includes(type)) {
    return new InvalidInputError(`type: this version does not serve "${type}" yet`, { field: 'type' });
  }
  if (!Object.hasOwn(CLIENT_FRAMES, type)) {
    const known = Object.keys(CLIENT_FRAMES).join(', ');
    return new InvalidInputError(`type: this version does not serve "${type.slice(0, 40)}"; send one of ${known}`, {
      field: 'type',
    });
  }
  return type as ServedType;
}

function existing(name: ConversationName): ConversationName {
  if (name.reference.kind === 'new') {
    throw new InvalidInputError('conversation_id: must name a conversation that exists', { field: 'conversation_id' });
  }
  return name;
}

function checked<S extends z.ZodType>(
  schema: S,
  fields: Record<string, unknown>,
  clientName: (field: string) => string,
): z.output<S> {
  // A plain object again: `__proto__`, the one name that would get lost on the way, has been refused before.
  const result = schema.safeParse({ ...fields });
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => {
    const [first, ...rest] = issue.path;
    return { ...issue, path: first === undefined ? [] : [clientName(String(first)), ...rest] };
  });
  throw invalidInput(issues, []);
}

/** Keys that only an attack on object prototypes has; refused at any depth, also inside `metadata`. */
function refuseForgedKeys(frame: object): void {
  const pending: unknown[] = [frame];
  while (pending.length > 0) {
    const value = pending.pop();
    if (typeof value !== 'object' || value === null) continue;
    for (const key of ['__proto__', 'constructor', 'prototype']) {
      if (Object.hasOwn(value, key)) {
        throw new InvalidInputError(`Unknown field: ${key}. Remove it.`, { kind: 'bad_request', field: key });
      }
    }
    for (const member of Object.values(value)) pending.push(member);
  }
}

/** Only what has the right shape: an answer must not become the carrier of whatever was sent. */
function echoOf(value: Readonly<Record<string, unknown>>): Echo {
  const short = (name: string, most: number): string | undefined => {
    const given = Object.hasOwn(value, name) ? value[name] : undefined;
    return typeof given === 'string' && given.length <= most ? given : undefined;
  };
  const session = value['session_id'];
  return clean({
    ref: short('ref', MOST_REF),
    client_message_id: short('client_message_id', 36),
    conversation_id: short('conversation_id', 128),
    session_id: typeof session === 'number' ? session : short('session_id', 128),
    turn_id: short('turn_id', 36),
  });
}

function clean(echo: { [K in keyof Echo]: Echo[K] }): Echo {
  return Object.fromEntries(Object.entries(echo).filter(([, value]) => value !== undefined));
}

function bad(sentence: string, echo: Echo): BadFrame {
  return { type: 'bad', error: new InvalidInputError(sentence), echo };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
