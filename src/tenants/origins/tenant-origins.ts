import { AppConfig } from '#platform/config';
import type { TenantScope } from '#platform/context';
import { ForeignPageError, isOperatorOrigin } from '#platform/http';
import { isListed } from '#platform/origins';
import { Injectable } from '@nestjs/common';
import { TenantSettingsCache } from '../settings/tenant-settings.cache.js';

/** What a browser says of the page that calls: headers of the request. */
export interface CallingPage {
  /** Undefined: not a page, or the server's own by a plain GET. */
  readonly origin?: string | undefined;
  readonly host?: string | undefined;
  /** No page can set it, and `same-origin` is the server's own, by whatever name a proxy has it called here. */
  readonly 'sec-fetch-site'?: string | string[] | undefined;
}

/** Which pages a tenant serves, once it is known whose request it is. */
@Injectable()
export class TenantOrigins {
  constructor(
    private readonly config: AppConfig,
    private readonly settings: TenantSettingsCache,
  ) {}

  /** Also true for the operator's own pages. @param only origins that count instead of the tenant's: a widget's */
  async serves(scope: TenantScope, page: CallingPage, only: readonly string[] | null = null): Promise<boolean> {
    const { host, origin } = page;
    if (origin === undefined || page['sec-fetch-site'] === 'same-origin') return true;
    if (isOperatorOrigin(this.config, origin, host)) return true;
    return isListed(only ?? (await this.settings.get(scope)).allowedOrigins, origin);
  }

  /** @throws ForeignPageError for a page that is not this tenant's, or not the widget's */
  async assertServed(scope: TenantScope, page: CallingPage, only: readonly string[] | null = null): Promise<void> {
    if (await this.serves(scope, page, only)) return;
    throw new ForeignPageError(only === null ? 'allowed_origins of the settings' : 'origins of the widget');
  }
}
