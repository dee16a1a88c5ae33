import type { BusMessage } from './bus.port.js';

/** One text on a wire. */
export type Envelope =
  /** "I live." `losses` counts the times when messages of the sender may have been lost. */
  | { readonly kind: 'hello'; readonly from: string; readonly losses: number }
  | { readonly kind: 'bye'; readonly from: string }
  | { readonly kind: 'message'; readonly from: string; readonly topic: string; readonly message: BusMessage };

const INSTANCE = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

/**
 * The sender comes first, so that a process knows its own texts without parsing them.
 * @param number of the text: Postgres drops equal notifications of one transaction
 */
export function writeEnvelope(envelope: Envelope, number: number): string {
  const { from, kind } = envelope;
  switch (kind) {
    case 'hello':
      return JSON.stringify({ from, number, kind, losses: envelope.losses });
    case 'bye':
      return JSON.stringify({ from, number, kind });
    case 'message':
      return JSON.stringify({ from, number, kind, topic: envelope.topic, message: envelope.message });
  }
}

export function isFrom(text: string, instance: string): boolean {
  return text.startsWith(`{"from":"${instance}"`);
}

/** Null for what is not an envelope: the wire may be open to others, and peers may be of another version. */
export function readEnvelope(text: string): Envelope | null {
  const value = parse(text);
  if (!isRecord(value)) return null;
  const { from, kind } = value;
  if (typeof from !== 'string' || !INSTANCE.test(from)) return null;
  if (kind === 'hello') {
    const { losses } = value;
    return typeof losses === 'number' && Number.isSafeInteger(losses) ? { kind, from, losses } : null;
  }
  if (kind === 'bye') return { kind, from };
  if (kind !== 'message') return null;
  const { topic, message } = value;
  return typeof topic === 'string' && isRecord(message) ? { kind, from, topic, message } : null;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
