import type { Role, WidgetVisit } from '#platform/context';
import { Injectable } from '@nestjs/common';
import { ACCESS_TOKEN_SECONDS, type AccessClaims } from './token-claims.js';
import { TokenKeys } from './token-keys.js';

export interface TokenSubject {
  readonly tenantId: string;
  readonly principalId: string;
  readonly role: Role;
  readonly persona: string | null;
  readonly sessionId: string;
  readonly widget?: WidgetVisit;
}

/** Signs access tokens; who may have one is decided by whoever calls it. */
@Injectable()
export class TokenService {
  constructor(private readonly keys: TokenKeys) {}

  issue(subject: TokenSubject, seconds: number = ACCESS_TOKEN_SECONDS): string {
    const claims = {
      user_id: subject.principalId,
      tenant_id: subject.tenantId,
      role: subject.role,
      persona: subject.persona,
      sid: subject.sessionId,
      ...widgetClaim(subject.widget),
    };
    return this.keys.sign(claims, { subject: subject.principalId, seconds });
  }
}

function widgetClaim(widget: WidgetVisit | undefined): Pick<AccessClaims, 'widget'> {
  if (widget === undefined) return {};
  return { widget: { id: widget.id, agent: widget.agent, messages_per_minute: widget.messagesPerMinute } };
}
