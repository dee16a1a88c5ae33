import { AppConfig } from '#platform/config';
import { LOGGER, type Logger } from '#platform/logging';
import { Inject, Injectable } from '@nestjs/common';
import type { IncomingHttpHeaders } from 'node:http';

const HINT =
  'X-Forwarded-For arrives and TRUST_PROXY is not set: every caller counts as the proxy, and so shares its limits by address. ' +
  'Set TRUST_PROXY to how many proxies stand before this server (1), or to false when there is none';

/** Tells the operator, once, that a proxy seems to stand before a server that was not told of it. */
@Injectable()
export class ProxyHint {
  private due: boolean;

  constructor(
    config: AppConfig,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {
    this.due = config.env.TRUST_PROXY === undefined;
  }

  look(headers: IncomingHttpHeaders): void {
    if (!this.due || headers['x-forwarded-for'] === undefined) return;
    this.due = false;
    this.logger.warn(HINT);
  }
}
