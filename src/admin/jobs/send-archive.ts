import type { Response } from 'express';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';

export async function sendArchive(
  response: Response,
  jobId: string,
  { size, stream }: { readonly size: number; readonly stream: Readable },
): Promise<void> {
  response.setHeader('Content-Type', 'application/zip');
  response.setHeader('Content-Length', size);
  response.setHeader('Content-Disposition', `attachment; filename="export-${jobId}.zip"`);
  response.setHeader('X-Content-Type-Options', 'nosniff');
  response.setHeader('Cache-Control', 'private, no-store');
  await pipeline(stream, response).catch(() => undefined); // the client went away
}
