import { Ajv2020 } from 'ajv/dist/2020.js';
import { frameSchemaDocument } from './frame-schema-document.js';

describe('the frame schema document', () => {
  const document = frameSchemaDocument();
  const ajv = new Ajv2020({ strict: false, logger: false });
  ajv.addSchema({ ...document, $id: 'frames' });
  const check = (direction: string) => ajv.compile({ $ref: `frames#/${direction}` });

  it('accepts a frame of a client in the protocol’s own words, and no unknown field', () => {
    const isClientFrame = check('client');
    expect(isClientFrame({ type: 'user_message', content: 'hi', conversation_id: 7 })).toBe(true);
    expect(isClientFrame({ type: 'user_message', content: 'hi', role: 'assistant' })).toBe(false);
    expect(isClientFrame({ type: 'resume' })).toBe(false);
  });

  it('accepts a frame of the server', () => {
    const isServerFrame = check('server');
    expect(isServerFrame({ type: 'pong', ref: 'a' })).toBe(true);
    expect(isServerFrame({ type: 'pong', seq: 1 })).toBe(false);
  });

  it('is plain JSON and names every frame of the contract that is served', () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(document);
    expect(Object.keys(document['$defs'] as object)).toEqual(
      expect.arrayContaining(['AuthFrame', 'UserMessageFrame', 'AckFrame', 'TokenFrame', 'DoneFrame', 'ErrorFrame']),
    );
  });
});
