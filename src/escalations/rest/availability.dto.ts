import { z } from 'zod';
import { type Availability, PRESENCE_STATUSES } from '../model/presence.js';
import { languageSchema, skillSchema } from '../model/fields.js';

const fields = {
  status: z.enum(PRESENCE_STATUSES),
  capacity: z.int().min(1).max(50).describe('How many conversations at once'),
  skills: z.array(skillSchema).max(50),
  languages: z.array(languageSchema).max(50),
};

export const availabilityBody = z
  .strictObject({
    status: fields.status,
    capacity: fields.capacity.optional(),
    skills: fields.skills.optional(),
    languages: fields.languages.optional(),
  })
  .meta({ examples: [{ status: 'online', capacity: 3, skills: ['returns'], languages: ['en', 'de'] }] });
export type AvailabilityBody = z.infer<typeof availabilityBody>;

export const availabilityResponse = z
  .object(fields)
  .meta({ id: 'Availability', description: '`offline` also after no socket of theirs was open for a while' });
export type AvailabilityResponse = z.infer<typeof availabilityResponse>;

export function toAvailabilityResponse({ capacity, languages, skills, status }: Availability): AvailabilityResponse {
  return { status, capacity, skills: [...skills], languages: [...languages] };
}
