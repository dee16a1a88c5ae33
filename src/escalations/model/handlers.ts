import { type Role, ROLES } from '#platform/context';
import { isGranted } from '#platform/http';

/** Roles of people who may answer others. */
export const HANDLING_ROLES: readonly Role[] = ROLES.filter((role) => isGranted(role, 'escalations.handle'));
