import { createHash, randomBytes } from 'node:crypto';
import { isUuid } from '#platform/database';

export interface VisitorToken {
  readonly tenantId: string;
  /** The visitor's principal. */
  readonly visitorId: string;
  readonly hash: Buffer;
}

const FORM = /^vt_([0-9a-f-]{36})_([0-9a-f-]{36})_[\w-]{43}$/;

/** `vt_<tenant>_<visitor>_<random>`: the browser keeps it, the database its digest. */
export function newVisitorToken(tenantId: string, visitorId: string): { text: string; hash: Buffer } {
  const text = `vt_${tenantId}_${visitorId}_${randomBytes(32).toString('base64url')}`;
  return { text, hash: hashOf(text) };
}

/** Null when it does not have the form of one. */
export function parseVisitorToken(text: string): VisitorToken | null {
  const [, tenantId, visitorId] = FORM.exec(text) ?? [];
  if (!isUuid(tenantId) || !isUuid(visitorId)) return null;
  return { tenantId, visitorId, hash: hashOf(text) };
}

/** 256 random bits need no slow hash. */
function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
