import { timeSchema } from '#platform/http';
import { atMost } from '#platform/text';
import { z } from 'zod';
import { storedSettings } from './settings/settings.schema.js';
import { slugSchema, type Tenant } from './tenant.js';

const name = z
  .string()
  .trim()
  .min(1)
  .check(...atMost(200));

export const createTenantBody = z
  .strictObject({ slug: slugSchema, name, settings: storedSettings.optional() })
  .meta({ examples: [{ slug: 'my-company', name: 'My company' }] });
export type CreateTenantBody = z.infer<typeof createTenantBody>;

export const patchTenantBody = z
  .strictObject({
    name: name.optional(),
    status: z.enum(['active', 'suspended']).optional(),
  })
  .meta({ examples: [{ name: 'My company Ltd' }] });
export type PatchTenantBody = z.infer<typeof patchTenantBody>;

export const tenantResponse = z
  .object({
    id: z.string(),
    slug: z.string(),
    name: z.string(),
    status: z.enum(['active', 'suspended']),
    created_at: timeSchema,
    updated_at: timeSchema,
  })
  .meta({ id: 'Tenant' });
export type TenantResponse = z.infer<typeof tenantResponse>;

export function toTenantResponse(tenant: Tenant): TenantResponse {
  return {
    id: tenant.id,
    slug: tenant.slug,
    name: tenant.name,
    status: tenant.status,
    created_at: tenant.createdAt.toISOString(),
    updated_at: tenant.updatedAt.toISOString(),
  };
}
