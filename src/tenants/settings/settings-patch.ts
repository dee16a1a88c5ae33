import { z } from 'zod';
import { storedSettings, type StoredSettings } from './settings.schema.js';

/** What `PATCH settings` takes: the stored document with every member nullable; null goes back to the default. */
export const settingsPatch = z
  .strictObject(nullable(storedSettings.shape))
  .meta({ example: { language: 'en', texts: { greeting: 'Hello! What can I do for you?' } } });
export type SettingsPatch = z.infer<typeof settingsPatch>;

/** JSON merge patch (RFC 7396) of one level of groups; arrays are replaced. */
export function applyPatch(current: StoredSettings, patch: SettingsPatch): StoredSettings {
  const merged: Record<string, unknown> = { ...current };
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else if (isGroup(value)) merged[key] = mergeGroup(merged[key], value);
    else if (value !== undefined) merged[key] = value;
  }
  return storedSettings.parse(merged);
}

function mergeGroup(current: unknown, patch: Record<string, unknown>): Record<string, unknown> {
  const merged = { ...(isGroup(current) ? current : {}), ...patch };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null && value !== undefined));
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type Nullable<S extends z.ZodRawShape> = {
  [K in keyof S]: z.ZodOptional<z.ZodNullable<S[K] extends z.ZodOptional<infer I extends z.ZodType> ? I : S[K]>>;
};

/** Groups become nullable inside as well, so that one text can be reset without the others. */
function nullable<S extends z.ZodRawShape>(shape: S): Nullable<S> {
  const entries = Object.entries(shape).map(([key, schema]) => {
    const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : (schema as z.ZodType);
    const member = inner instanceof z.ZodObject ? z.strictObject(nullable(inner.shape)) : inner;
    return [key, member.nullable().optional()];
  });
  return Object.fromEntries(entries) as Nullable<S>;
}
