/**
 * What nobody needs any more goes after a while. Each module registers the rows of its own tables: how to find them across
 * tenants, when they are too old, how to delete them inside one. Records that people or bills rest on (messages, usage, the
 * audit log) never stand here; pg-boss clears its own tables.
 */
export { ExpiryModule } from './expiry.module.js';
export { ExpiryService, type Expiring } from './expiry.service.js';
