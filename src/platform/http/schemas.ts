import { atMost } from '#platform/text';
import { z } from 'zod';

/** An id in a path or body. Any 128 bit id in the usual form: one that was never given out is 404, not 422. */
export const idSchema = z.guid('must be an id (a UUID)').transform((id) => id.toLowerCase());

/** A JSON object of a few kilobytes that belongs to the client. */
export const metadataSchema = z
  .record(z.string().check(...atMost(200)), z.unknown())
  .refine((value) => Buffer.byteLength(JSON.stringify(value)) <= 4096, 'must not exceed 4 KiB as JSON');

/** Times leave as ISO-8601 UTC with milliseconds. */
export const timeSchema = z.string().meta({ format: 'date-time' });

/** Postgres knows no year 0, and no zone sixteen hours away: a time from a client is checked, and told in UTC. */
export const instantSchema = z.iso
  .datetime({ offset: true })
  .transform((time) => new Date(time).toISOString())
  .refine((time) => time >= '0001', 'must be a time after the year 0');
