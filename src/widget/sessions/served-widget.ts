import type { TenantScope } from '#platform/context';
import { NotFoundError, SuspendedError, UnauthorizedError } from '#platform/errors';
import { SealedValueError, SecretBox } from '#platform/secrets';
import { type CallingPage, Features, TenantNotFoundError, TenantOrigins, TenantService } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { Widget } from '../widgets/widget.js';
import { identitySealedFor, tenantOfPublicKey } from '../widgets/widget-keys.js';
import { WidgetRepository } from '../widgets/widget.repository.js';
import { type NamedPerson, personOf } from './identity-token.js';

export interface CalledFrom {
  readonly page: CallingPage;
  /** As `limitedAddress` gives it. */
  readonly address: string;
}

export interface ServedWidget {
  readonly scope: TenantScope;
  readonly widget: Widget;
  readonly sealed: Buffer;
}

/** The widget behind a public key, as far as it serves the page that asks. */
@Injectable()
export class ServedWidgets {
  constructor(
    private readonly widgets: WidgetRepository,
    private readonly tenants: TenantService,
    private readonly origins: TenantOrigins,
    private readonly secretBox: SecretBox,
    private readonly features: Features,
  ) {}

  /** @throws NotFoundError when there is none or it is disabled; SuspendedError; FeatureNotEnabledError; ForeignPageError for a page not on its list */
  async find(publicKey: string, page: CallingPage): Promise<ServedWidget> {
    const tenantId = tenantOfPublicKey(publicKey);
    if (tenantId === null) throw noSuchWidget();
    const scope = { tenantId };
    const found = await this.widgets.findServed(scope, publicKey);
    if (found === null) throw noSuchWidget();
    await this.origins.assertServed(scope, page, found.origins);
    if (await this.isSuspended(scope)) throw new SuspendedError();
    await this.features.assertEnabled(scope, 'widgets');
    const { sealed, ...widget } = found;
    return { scope, widget, sealed };
  }

  /**
   * Whom the site's server names; null: nobody.
   * @throws UnauthorizedError
   */
  personOf(
    { tenantId }: TenantScope,
    { id, sealed }: { readonly id: string; readonly sealed: Buffer },
    identityToken: string | undefined,
  ): NamedPerson | null {
    return identityToken === undefined ? null : personOf(identityToken, this.secretOf(tenantId, id, sealed));
  }

  private secretOf(tenantId: string, id: string, sealed: Buffer) {
    try {
      return this.secretBox.open(sealed, identitySealedFor(tenantId, id));
    } catch (error) {
      if (error instanceof SealedValueError)
        throw new UnauthorizedError('identity_token: the secret must be rotated first');
      throw error;
    }
  }

  private async isSuspended(scope: TenantScope): Promise<boolean> {
    try {
      return (await this.tenants.get(scope)).status === 'suspended';
    } catch (error) {
      if (error instanceof TenantNotFoundError) throw noSuchWidget();
      throw error;
    }
  }
}

/** The widget is for people only whom the site's server vouches for. */
export class SignInOnPageError extends UnauthorizedError {
  constructor() {
    super('This chat is for people who are signed in on the page: send identity_token');
  }
}

export function noSuchWidget(): NotFoundError {
  return new NotFoundError('There is no such widget');
}
