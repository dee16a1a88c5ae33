import type { NextFunction, Response } from 'express';
import type { HttpRequest } from './identity.js';
import { problem } from './problem.js';
import { sendProblem } from './problem.filter.js';

const LOOK_MS = 1000;
/** From here on a body has to have arrived at the lowest speed on average. */
const GRACE_MS = 10_000;
const FEWEST_BYTES_A_SECOND = 1024;
const LONGEST_SILENCE_MS = 20_000;

/**
 * Bodies that trickle are ended with 408, long before the time for a whole request is over. Only the time counts in which the
 * server waits for the client: a disk that is slow to take an upload is not its sender's fault.
 */
export function paceBodies(request: HttpRequest, response: Response, next: NextFunction): void {
  const hasBody = request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length']) > 0;
  if (hasBody && !request.complete) watch(request, response);
  next();
}

function watch(request: HttpRequest, response: Response): void {
  const { socket } = request;
  const first = socket.bytesRead;
  let before = first;
  let waitedMs = 0;
  let silentMs = 0;
  const timer = setInterval(() => {
    if (request.complete || socket.destroyed) return clearInterval(timer);
    if (request.readableLength > 0) return; // what has arrived waits for us
    waitedMs += LOOK_MS;
    silentMs = socket.bytesRead === before ? silentMs + LOOK_MS : 0;
    before = socket.bytesRead;
    const slow = waitedMs >= GRACE_MS && before - first < (waitedMs / 1000) * FEWEST_BYTES_A_SECOND;
    if (!slow && silentMs < LONGEST_SILENCE_MS) return;
    clearInterval(timer);
    refuse(request, response);
  }, LOOK_MS);
  timer.unref();
  request.once('close', () => {
    if (request.complete) clearInterval(timer);
  });
}

function refuse(request: HttpRequest, response: Response): void {
  if (response.headersSent) return void request.socket.destroy();
  response.setHeader('Connection', 'close');
  const detail = 'The request did not arrive in time: send it again over a faster connection';
  const traceId = request.correlationId;
  sendProblem(response, problem({ status: 408, code: 'INVALID_INPUT', detail, retryable: true, traceId }));
}
