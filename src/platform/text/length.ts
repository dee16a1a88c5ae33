import { z } from 'zod';

/**
 * What a text may have at most, in UTF-16 units: as JavaScript, Java and C# count, and as the offsets of our frames do. zod
 * alone counts characters, so that a text of emoji could be twice as long. The JSON Schema made of it keeps `maxLength`, which
 * counts characters too: it refuses nothing that is taken here.
 */
export function atMost(units: number, message?: string): [z.core.$ZodCheck<string>, z.core.$ZodCheck<string>] {
  const error = message ?? `must not exceed ${units} characters (UTF-16 units)`;
  return [
    z.maxLength(units, { error, abort: true }),
    z.refine<string>((text) => text.length <= units, { error }) as unknown as z.core.$ZodCheck<string>,
  ];
}
