import type { Request } from 'express';

/** Aborted when the client goes away before it was answered. */
export function untilClosed(request: Request): AbortSignal {
  const gone = new AbortController();
  const { res } = request;
  res?.once('close', () => {
    if (!res.writableFinished) gone.abort(new DOMException('The client went away', 'AbortError'));
  });
  return gone.signal;
}
