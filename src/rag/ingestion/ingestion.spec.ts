import { LlmError } from '#llm';
import { BlobMissingError } from '#platform/blobs';
import { UnavailableError } from '#platform/errors';
import { DocumentParseError } from '../parsing/document-parser.port.js';
import { chunkId } from './chunk-id.js';
import { faultOf, RepeatedStopError, TroubleLastsError } from './ingest-failure.js';
import { recordText, recordTitle } from './record-text.js';

describe('chunkId', () => {
  it('is a UUID that follows from document, place and text', () => {
    const id = chunkId('doc', 0, 'text');
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(chunkId('doc', 0, 'text')).toBe(id);
    expect(new Set([id, chunkId('doc', 1, 'text'), chunkId('doc', 0, 'texts'), chunkId('cod', 0, 'text')]).size).toBe(
      4,
    );
  });
});

describe('faultOf', () => {
  it('keeps what was said for people, and hides everything else', () => {
    expect(faultOf(new DocumentParseError('NO_TEXT', 'No text.'))).toMatchObject({
      code: 'NO_TEXT',
      message: 'No text.',
    });
    expect(faultOf(new UnavailableError('Try later'))).toMatchObject({ code: 'UNAVAILABLE', retryable: true });
    expect(faultOf(new BlobMissingError())).toMatchObject({ code: 'FILE_MISSING' });
    const refused = new LlmError({ detail: 'key sk-1', status: 401 });
    expect(faultOf(refused).message).toMatch(/HTTP 401/);
    expect(faultOf(refused).message).not.toContain('sk-1');
    expect(faultOf(new TroubleLastsError('It does not answer'))).toMatchObject({ code: 'LLM_ERROR', retryable: true });
    expect(faultOf(new RepeatedStopError())).toMatchObject({ code: 'GAVE_UP', retryable: true });
    expect(faultOf(Object.assign(new Error('/srv/x'), { code: 'ENOENT' }))).toMatchObject({ code: 'FILE_MISSING' });
    expect(faultOf(new Error('sk-123')).message).not.toContain('sk-123');
    expect(faultOf('text')).toMatchObject({ code: 'INTERNAL' });
  });
});

describe('a record', () => {
  const record = { id: 7, name: 'Ann', skills: ['Go', 'C'], about: ' Likes trees. ', age: 30 };

  it('has the title of its settings, else a usual one', () => {
    expect(recordTitle(record, { titleField: 'about' })).toBe('Likes trees.');
    expect(recordTitle(record, { titleField: 'missing' })).toBe('Ann');
    expect(recordTitle({ id: 7 }, {})).toBe('7');
    expect(recordTitle({}, {})).toBe('Record');
  });

  it('is searched by the fields of its settings, in their order, else by every text', () => {
    expect(recordText(record, { textFields: ['about', 'skills', 'missing'] })).toBe('Likes trees.\n\nGo, C');
    expect(recordText(record, {})).toBe('Ann\n\nGo, C\n\nLikes trees.');
  });
});
