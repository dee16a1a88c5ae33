import { EventReaders } from '#platform/outbox';
import { Injectable } from '@nestjs/common';
import { toDocumentResponse } from './document.dto.js';
import { DocumentRepository } from './document.repository.js';

/** What the events of documents say. */
@Injectable()
export class DocumentEvents {
  constructor(readers: EventReaders, documents: DocumentRepository) {
    readers.register(['document.ready', 'document.failed'], async (tx, { document_id: id = '' }) => {
      const document = await documents.findAnywhere(tx, id);
      return document === null ? null : toDocumentResponse(document);
    });
  }
}
