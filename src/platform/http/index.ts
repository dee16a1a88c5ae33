/**
 * How the product speaks HTTP: errors become problem documents, schemas become 400 and 422, creations get `Location` and
 * `Idempotency-Key`, lists get cursors, reads get `ETag`. A controller declares what it wants with the decorators here and
 * returns plain objects; `auth` provides the guards that fill `request.user`. Nothing here knows a tenant's data.
 */
export { CSV_TYPE, csvText } from './csv.js';
export {
  ACCESS,
  type Access,
  Caller,
  CountsAgainst,
  Creates,
  Ctx,
  FEATURE,
  IfMatch,
  Operator,
  Public,
  RequireFeature,
  RequirePermission,
  SignedIn,
} from './decorators.js';
export {
  isAllowed,
  isGranted,
  mayReadFigures,
  type Permission,
  PERMISSIONS,
  permissionsOf,
  seesAsStaff,
} from './permissions.js';
export { type Feature, FEATURES } from './features.js';
export type { HttpRequest, Identity } from './identity.js';
export { HttpModule } from './http.module.js';
export { configureHttp } from './configure-http.js';
export { openApiDocument, setupSwagger } from './swagger.js';
export { isLoopbackHost, isOperatorOrigin } from './origins.js';
export { ForeignPageError } from './cross-origin.js';
export { KnownOrigins } from './known-origins.js';
export { isCallFromThisMachine, limitedAddress } from './client-address.js';
export { redactPath, scrubSecrets } from './redact.js';
export { HttpConnections, type TrustProxy } from './http-connections.js';
export { ProxyHint } from './proxy-hint.js';
export { correlationIdFrom } from './correlation.js';
export { MAX_HEADERS } from './header-cap.js';
export { domainProblem, faultProblem, type Problem, problem, problemSchema, statusOf } from './problem.js';
export { ProblemFilter, sendProblem } from './problem.filter.js';
export { invalidInput, parseInput, refuseHostileInput, SchemaValidationPipe } from './schema-validation.pipe.js';
export { idSchema, instantSchema, metadataSchema, timeSchema } from './schemas.js';
export {
  decodeCursor,
  encodeCursor,
  idPosition,
  type ListQuery,
  listQuery,
  type Page,
  pageSchema,
  toPage,
} from './paging.js';
export { AdminResource, Changes, Commands, Deletes, Id, Lists, Makes, pageById, Reads } from './resource.js';
export { assertIfMatch, etagOf, PreconditionFailedError } from './etag.js';
export { TenantPathGuard } from './tenant-path.guard.js';
export { IdempotencyKeys, SEALED_ANSWERS, type StoredAnswer } from './idempotency.js';
