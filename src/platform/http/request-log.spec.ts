import { EventEmitter } from 'node:events';
import type { Logger } from '#platform/logging';
import type { Response } from 'express';
import { correlationIdFrom } from './correlation.js';
import type { HttpRequest } from './identity.js';
import { requestLog } from './request-log.js';

describe('the request log', () => {
  it('names who and where, and leaves out the query with its token and text', () => {
    const lines: unknown[] = [];
    const logger = { info: (line: unknown) => lines.push(line), debug: () => undefined } as unknown as Logger;
    const path = '/api/eyJhbGciOiJIUzI1NiJ9.e30.canary/x';
    const request = { method: 'GET', path, url: `${path}?token=canary`, correlationId: 'c1' };
    const response = Object.assign(new EventEmitter(), { statusCode: 200, writableFinished: true });
    let went = false;
    requestLog(logger)(request as unknown as HttpRequest, response as unknown as Response, () => {
      went = true;
    });
    response.emit('close');
    expect(went).toBe(true);
    expect(lines).toMatchObject([{ method: 'GET', path: '/api/[redacted]/x', status: 200, correlation_id: 'c1' }]);
    expect(JSON.stringify(lines)).not.toContain('canary');
  });
});

describe('correlation ids', () => {
  it('are taken over when they can stand in a log line', () => {
    expect(correlationIdFrom('req-1.2:3_x')).toBe('req-1.2:3_x');
    for (const bad of ['', 'a b', 'x'.repeat(65), 'a\nb', undefined, ['a', 'b']]) {
      expect(correlationIdFrom(bad)).toMatch(/^[0-9a-f-]{36}$/);
    }
  });
});
