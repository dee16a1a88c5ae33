import type { ArgumentsHost } from '@nestjs/common';
import { loadConfig } from '#platform/config';
import type { Logger } from '#platform/logging';
import { ProblemFilter } from './problem.filter.js';

/** What the log says of a fault, and at which level. */
function logged(clientHasLeft: boolean): [string, string][] {
  const lines: [string, string][] = [];
  const note = (level: string) => (_fields: object, message: string) => void lines.push([level, message]);
  const logger = { info: note('info'), error: note('error') } as unknown as Logger;
  const request = { headers: {}, method: 'POST', path: '/', correlationId: 'c', socket: { destroyed: clientHasLeft } };
  const response = { headersSent: true, destroy: () => undefined };
  const host = {
    getType: () => 'http',
    switchToHttp: () => ({ getRequest: () => request, getResponse: () => response }),
  } as unknown as ArgumentsHost;
  new ProblemFilter(loadConfig({}), logger).catch(new Error('Request aborted'), host);
  return lines;
}

describe('a fault of a request', () => {
  it('is an error in the log, unless it only failed because its client has left', () => {
    expect(logged(false)).toEqual([['error', 'request failed']]);
    expect(logged(true)).toEqual([['info', 'request failed']]);
  });
});
