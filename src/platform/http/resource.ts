import { applyDecorators, Controller, Delete, Get, HttpCode, Param, Patch, Post } from '@nestjs/common';
import {
  ApiBearerAuth,
  ApiCreatedResponse,
  ApiNoContentResponse,
  ApiOkResponse,
  ApiOperation,
  ApiTags,
} from '@nestjs/swagger';
import type { RequestContext } from '#platform/context';
import type { z } from 'zod';
import { Creates, RequirePermission } from './decorators.js';
import { decodeCursor, idPosition, type ListQuery, type Page, pageSchema, toPage } from './paging.js';
import type { Permission } from './permissions.js';
import { idSchema } from './schemas.js';

// What the administrative resources have in common: their routes, and what the API's document says of them. A controller
// says what is its own: the words, the schemas, and the one call of its service behind each route.

/** Its collection: `/api/admin/<path>`. @param reads what its routes ask for unless one says otherwise (`RequirePermission`) */
export const AdminResource = (path: string, reads: Permission, { tag = path } = {}): ClassDecorator =>
  applyDecorators(ApiTags(tag), ApiBearerAuth('bearer'), Controller(`api/admin/${path}`), RequirePermission(reads));

/** `GET` of the collection: one page of `item`, by `pageById`. */
export const Lists = (summary: string, item: z.ZodType): MethodDecorator =>
  applyDecorators(Get(), ApiOperation({ summary }), ApiOkResponse({ standardSchema: pageSchema(item) }));

/** `POST` to the collection, see `Creates`. @param shownOnce members of the answer that no read shows again */
export const Makes = (
  summary: string,
  made: z.ZodType,
  { shownOnce }: { shownOnce?: readonly string[] } = {},
): MethodDecorator =>
  applyDecorators(
    Post(),
    Creates(201, { shownOnce }),
    ApiOperation({ summary }),
    ApiCreatedResponse({ standardSchema: made }),
  );

/** `GET` of one. */
export const Reads = (summary: string, resource: z.ZodType): MethodDecorator =>
  applyDecorators(Get(':id'), ApiOperation({ summary }), ApiOkResponse({ standardSchema: resource }));

/** `PATCH` of one; its handler honours `If-Match` (`assertIfMatch` within the transaction). */
export const Changes = (summary: string, resource: z.ZodType): MethodDecorator =>
  applyDecorators(Patch(':id'), ApiOperation({ summary }), ApiOkResponse({ standardSchema: resource }));

/** `DELETE` of one: 204. */
export const Deletes = (summary: string): MethodDecorator =>
  applyDecorators(Delete(':id'), HttpCode(204), ApiOperation({ summary }), ApiNoContentResponse());

/** `POST` to one: a command, answered by 200. @param path after the id: `suspend` */
export const Commands = (path: string, summary: string, answer: z.ZodType): MethodDecorator =>
  applyDecorators(
    Post(`:id/${path}`),
    HttpCode(200),
    ApiOperation({ summary }),
    ApiOkResponse({ standardSchema: answer }),
  );

/** The id in the path: `get(@Id() id: string)`. */
export const Id = (): ParameterDecorator => Param('id', { schema: idSchema });

/**
 * A page of a collection that runs over ids alone, newest first.
 * @param load rows with ids below `before` (null: the first page), `limit` at most
 */
export async function pageById<R, T>(
  ctx: RequestContext,
  { cursor, limit }: ListQuery,
  {
    idOf,
    load,
    map,
  }: {
    readonly load: (before: string | null, limit: number) => Promise<readonly R[]>;
    readonly map: (row: R) => T;
    readonly idOf: (row: R) => string;
  },
): Promise<Page<T>> {
  const rows = await load(decodeCursor(ctx, cursor, idPosition)?.[0] ?? null, limit + 1);
  return toPage(ctx, rows, { limit, map, position: (row) => [idOf(row)] });
}
