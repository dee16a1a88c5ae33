import { emailSchema, personaSchema, RESERVED_EXTERNAL_ID } from '#auth';
import { UnauthorizedError } from '#platform/errors';
import type { SecretString } from '#platform/secrets';
import { atMost } from '#platform/text';
import jwt from 'jsonwebtoken';
import { z } from 'zod';

/** Whom the site's server says that its visitor is. */
export interface NamedPerson {
  readonly externalId: string;
  readonly name?: string;
  readonly email?: string | null;
  readonly persona?: string | null;
}

/** One that is copied is of no use for long. */
const LONGEST_SECONDS = 600;
/** How far the site's clock may be ahead of ours. One that has expired by ours is refused at once. */
const LEEWAY_SECONDS = 30;
/** What a column cannot hold. */
const isStorable = (value: string) => !value.includes('\0') && value.isWellFormed();

const claims = z.object({
  sub: z
    .string()
    .min(1)
    .check(...atMost(200))
    .refine((id) => isStorable(id) && !RESERVED_EXTERNAL_ID.test(id)),
  name: z
    .string()
    .trim()
    .check(...atMost(200))
    .refine(isStorable)
    .optional(),
  email: emailSchema.nullable().optional(),
  persona: personaSchema.nullable().optional(),
  exp: z.number(),
});

/**
 * What an identity token says: a JWT by HS256 with the widget's secret, good for ten minutes at most.
 * @throws UnauthorizedError which says why only where that gives nothing away
 */
export function personOf(token: string, secret: SecretString): NamedPerson {
  let payload: unknown;
  try {
    payload = jwt.verify(token, secret.reveal(), { algorithms: ['HS256'] });
  } catch (error) {
    const isOld = error instanceof jwt.TokenExpiredError;
    throw new UnauthorizedError(isOld ? 'identity_token: has expired, make a new one' : 'identity_token: is not valid');
  }
  const said = claims.safeParse(payload);
  if (!said.success) {
    const claim = said.error.issues[0]?.path.join('.') ?? '';
    throw new UnauthorizedError(`identity_token: its claim ${claim} is missing or not valid`);
  }
  const { exp, sub: externalId, ...person } = said.data;
  if (exp * 1000 > Date.now() + (LONGEST_SECONDS + LEEWAY_SECONDS) * 1000) {
    throw new UnauthorizedError('identity_token: exp must be at most ten minutes from now');
  }
  return { externalId, ...person };
}
