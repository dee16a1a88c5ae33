import { BadCredentials, type SessionRevoked, WidgetAccess } from '#auth';
import { UnitOfWork } from '#platform/database';
import { Injectable } from '@nestjs/common';
import { type CalledFrom, ServedWidgets, SignInOnPageError } from './served-widget.js';
import { SessionLimits } from './session-limits.js';
import { type Credentials, VisitorEntrance, type VisitorSession } from './visitor-entrance.js';

/** Lets somebody in through a widget: anew, known again by their token, or as the person whom the site's server names. */
@Injectable()
export class VisitorSessionService {
  constructor(
    private readonly served: ServedWidgets,
    private readonly limits: SessionLimits,
    private readonly bad: BadCredentials,
    private readonly entrance: VisitorEntrance,
    private readonly unitOfWork: UnitOfWork,
    private readonly access: WidgetAccess,
  ) {}

  /**
   * @throws NotFoundError, SuspendedError, FeatureNotEnabledError, ForeignPageError by whether it is served here; RateLimitError; UnauthorizedError for
   *   a token that is not valid; ForbiddenError for somebody who was blocked
   */
  async begin(publicKey: string, credentials: Credentials, from: CalledFrom): Promise<VisitorSession> {
    const { scope, sealed, widget } = await this.served.find(publicKey, from.page);
    await this.limits.consume(widget, from.address);
    if (widget.identity === 'required' && credentials.identityToken === undefined) throw new SignInOnPageError();
    const ended: SessionRevoked[] = [];
    const session = await this.bad.judged(from.address, async () => {
      const named = this.served.personOf(scope, { id: widget.id, sealed }, credentials.identityToken);
      return this.unitOfWork.run(scope, (tx) => this.entrance.open(tx, { widget, named, credentials, ended }));
    });
    await this.access.announce(ended);
    return session;
  }
}
