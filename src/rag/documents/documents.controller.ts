import type { RequestContext } from '#platform/context';
import { InvalidInputError } from '#platform/errors';
import {
  AdminResource,
  assertIfMatch,
  Changes,
  CountsAgainst,
  Commands,
  Creates,
  Ctx,
  decodeCursor,
  Deletes,
  Id,
  idPosition,
  idSchema,
  IfMatch,
  type ListQuery,
  listQuery,
  Lists,
  type Page,
  pageSchema,
  parseInput,
  Reads,
  RequireFeature,
  RequirePermission,
  toPage,
} from '#platform/http';
import { Body, Get, Param, Post, Query, Req, Res, UploadedFile, UseInterceptors } from '@nestjs/common';
import { FileInterceptor } from '@nestjs/platform-express';
import { ApiAcceptedResponse, ApiOkResponse, ApiOperation, ApiProduces } from '@nestjs/swagger';
import type { Request, Response } from 'express';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { contentDisposition } from './content-disposition.js';
import {
  type ChunkResponse,
  chunkResponse,
  createDocumentBody,
  type DocumentResponse,
  documentResponse,
  type ListDocumentsQuery,
  listDocumentsQuery,
  type PatchDocumentBody,
  patchDocumentBody,
  toChunkResponse,
  toDocumentResponse,
  toLabels,
  uploadFields,
} from './document.dto.js';
import { DocumentService } from './document.service.js';
import type { UploadedPart } from './upload-options.js';
import { untilClosed } from './until-closed.js';
import { UploadOnceInterceptor } from './upload-once.interceptor.js';

const ordinalPosition = z.tuple([z.int32().min(0)]);

@AdminResource('knowledge-bases/:knowledgeBaseId/documents', 'knowledge.read', { tag: 'knowledge' })
export class DocumentsController {
  constructor(private readonly documents: DocumentService) {}

  @Lists('List documents, newest first', documentResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Param('knowledgeBaseId', { schema: idSchema }) baseId: string,
    @Query({ schema: listDocumentsQuery }) query: ListDocumentsQuery,
  ): Promise<Page<DocumentResponse>> {
    const before = decodeCursor(ctx, query.cursor, idPosition)?.[0] ?? null;
    const status = query.status ?? null;
    const rows = await this.documents.list(ctx, baseId, { before, status, limit: query.limit + 1 });
    return toPage(ctx, rows, { limit: query.limit, map: toDocumentResponse, position: (row) => [row.id] });
  }

  /**
   * A file (multipart, part `file`, beside it `title`, `metadata`, `owner_id`, `personas`), or JSON with `text`, `url` or
   * `record`. Answers as soon as it is stored; `status` says how far it is.
   */
  @ApiOperation({
    summary: 'Upload a file, or send {title, text} or {url}; poll the document until it is ready or failed',
    requestBody: {
      required: true,
      content: {
        'multipart/form-data': {
          schema: {
            type: 'object',
            required: ['file'],
            properties: {
              file: { type: 'string', format: 'binary' },
              title: { type: 'string', example: '' },
              metadata: { type: 'string', description: 'JSON object', example: '{}' },
              owner_id: { type: 'string', format: 'uuid', description: 'The only user who finds it', example: '' },
              personas: { type: 'string', description: 'JSON list: the only ones that find it', example: '[]' },
            },
          },
        },
        'application/json': {
          schema: {
            type: 'object',
            properties: {
              title: { type: 'string' },
              text: { type: 'string', description: 'Markdown' },
              url: { type: 'string', format: 'uri' },
              record: { type: 'object', description: 'For a base of records, which are matched by their fields' },
              metadata: { type: 'object' },
              owner_id: { type: 'string', format: 'uuid', description: 'The only user who finds it' },
              personas: { type: 'array', items: { type: 'string' }, description: 'The only ones that find it' },
            },
            additionalProperties: false,
          },
          example: { title: 'Opening hours', text: 'We open at **nine** and close at six.' },
        },
      },
    },
  })
  @Post()
  @Creates(202)
  @RequirePermission('knowledge.write')
  @UseInterceptors(FileInterceptor('file'), UploadOnceInterceptor)
  @ApiAcceptedResponse({ standardSchema: documentResponse })
  @RequireFeature('knowledge')
  @CountsAgainst('storage_mb')
  async create(
    @Ctx() ctx: RequestContext,
    @Param('knowledgeBaseId', { schema: idSchema }) baseId: string,
    @Body() body: unknown,
    @UploadedFile() part: UploadedPart | undefined,
    @Req() request: Request,
  ): Promise<DocumentResponse> {
    if (part !== undefined) {
      // A form sends its empty fields as well.
      const filled = Object.entries(body as object).filter(([, value]) => value !== '');
      const fields = () => toLabels(parseInput(uploadFields, Object.fromEntries(filled)));
      return toDocumentResponse(await this.documents.addReceived(ctx, baseId, part, fields));
    }
    if (request.is('multipart/form-data') !== false) {
      throw new InvalidInputError('file: choose a file to upload', { field: 'file' });
    }
    const given = parseInput(createDocumentBody, body ?? {});
    const labels = toLabels(given);
    if (given.record !== undefined) {
      return toDocumentResponse(await this.documents.addRecord(ctx, baseId, given.record, labels));
    }
    if (given.url !== undefined) {
      return toDocumentResponse(await this.documents.addUrl(ctx, baseId, given.url, labels, untilClosed(request)));
    }
    const named = { ...labels, title: given.title ?? '' };
    return toDocumentResponse(await this.documents.addText(ctx, baseId, given.text ?? '', named));
  }

  @Reads('Read a document: status, progress, error', documentResponse)
  async get(
    @Ctx() ctx: RequestContext,
    @Param('knowledgeBaseId', { schema: idSchema }) baseId: string,
    @Id() id: string,
  ): Promise<DocumentResponse> {
    return toDocumentResponse(await this.documents.get(ctx, baseId, id));
  }

  @Changes('Change title, metadata or audience of a document', documentResponse)
  @RequirePermission('knowledge.write')
  @RequireFeature('knowledge')
  async patch(
    @Ctx() ctx: RequestContext,
    @Param('knowledgeBaseId', { schema: idSchema }) baseId: string,
    @Id() id: string,
    @Body({ schema: patchDocumentBody }) body: PatchDocumentBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<DocumentResponse> {
    const updated = await this.documents.update(ctx, baseId, id, toLabels(body), (current) =>
      assertIfMatch(ifMatch, toDocumentResponse(current)),
    );
    return toDocumentResponse(updated);
  }

  @Deletes('Delete a document with its passages')
  @RequirePermission('knowledge.write')
  async delete(
    @Ctx() ctx: RequestContext,
    @Param('knowledgeBaseId', { schema: idSchema }) baseId: string,
    @Id() id: string,
  ): Promise<void> {
    await this.documents.delete(ctx, baseId, id);
  }

  /** The file as it was uploaded: always as a download, never shown in the server's own origin. */
  @ApiOperation({ summary: 'Download the document as it was sent' })
  @Get(':id/content')
  @ApiProduces('application/octet-stream')
  @ApiOkResponse({ schema: { type: 'string', format: 'binary' } })
  async content(
    @Ctx() ctx: RequestContext,
    @Param('knowledgeBaseId', { schema: idSchema }) baseId: string,
    @Id() id: string,
    @Res() response: Response,
  ): Promise<void> {
    const { document, size, stream } = await this.documents.content(ctx, baseId, id);
    response.setHeader('Content-Type', document.mimeType);
    response.setHeader('Content-Length', size);
    response.setHeader(
      'Content-Disposition',
      contentDisposition(document.fileName ?? document.title, document.mimeType),
    );
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Content-Security-Policy', "sandbox; default-src 'none'");
    response.setHeader('Cache-Control', 'private, no-store');
    if (Buffer.isBuffer(stream)) response.end(stream);
    else await pipeline(stream, response).catch(() => undefined); // the client went away
  }

  @ApiOperation({ summary: 'List the passages of a document' })
  @Get(':id/chunks')
  @ApiOkResponse({ standardSchema: pageSchema(chunkResponse) })
  async chunks(
    @Ctx() ctx: RequestContext,
    @Param('knowledgeBaseId', { schema: idSchema }) baseId: string,
    @Id() id: string,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<ChunkResponse>> {
    const after = decodeCursor(ctx, query.cursor, ordinalPosition)?.[0] ?? -1;
    const rows = await this.documents.chunks(ctx, baseId, id, after, query.limit + 1);
    return toPage(ctx, rows, { limit: query.limit, map: toChunkResponse, position: (chunk) => [chunk.ordinal] });
  }

  @Commands('reindex', 'Take a document in again', documentResponse)
  @RequirePermission('knowledge.write')
  @RequireFeature('knowledge')
  async reindex(
    @Ctx() ctx: RequestContext,
    @Param('knowledgeBaseId', { schema: idSchema }) baseId: string,
    @Id() id: string,
  ): Promise<DocumentResponse> {
    return toDocumentResponse(await this.documents.reindex(ctx, baseId, id));
  }
}
