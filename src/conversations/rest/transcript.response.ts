import { inSlices } from '#platform/event-loop';
import { CSV_TYPE } from '#platform/http';
import type { Request, Response } from 'express';
import { z } from 'zod';
import type { MessageView } from '../model/conversation-event.js';
import { withHtml } from '../store/message.repository.js';
import { conversationSchema, messageSchema } from './conversation.dto.js';
import { type Transcript, transcriptCsv, transcriptMarkdown } from './transcript.js';

export const transcriptSchema = z
  .object({ conversation: conversationSchema, messages: z.array(messageSchema) })
  .meta({ id: 'Transcript', description: '`Accept: text/markdown` or `text/csv` gives it in that form' });

/** JSON, Markdown or CSV, as the client's `Accept` prefers. */
export async function transcriptAnswer(
  transcript: Transcript,
  request: Request,
  response: Response,
): Promise<Transcript | string> {
  response.vary('Accept');
  const type = request.accepts('application/json', 'text/markdown', CSV_TYPE);
  switch (type) {
    case 'text/markdown':
      asFile(response, { type, name: `${transcript.conversation.id}.md` });
      return transcriptMarkdown(transcript);
    case CSV_TYPE:
      asFile(response, { type, name: `${transcript.conversation.id}.csv` });
      return transcriptCsv(transcript);
    default:
      return { ...transcript, messages: await inSlices(htmlOf(transcript)) };
  }
}

/** Long ones would hold everybody up. */
function* htmlOf({ messages }: Transcript): Generator<void, MessageView[]> {
  const shown: MessageView[] = [];
  for (const message of messages) {
    shown.push(withHtml(message));
    yield;
  }
  return shown;
}

function asFile(response: Response, file: { readonly type: string; readonly name: string }): void {
  response.type(`${file.type}; charset=utf-8`).attachment(file.name);
  // `attachment` guesses a type by the name.
  response.setHeader('Content-Type', `${file.type}; charset=utf-8`);
}
