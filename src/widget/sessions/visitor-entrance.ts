import { type PrincipalRecord, type SessionRevoked, WidgetAccess, type WidgetToken } from '#auth';
import { ConversationService } from '#conversations';
import type { WidgetVisit } from '#platform/context';
import type { TenantTx } from '#platform/database';
import { UnauthorizedError } from '#platform/errors';
import { AuditService } from '#tenants';
import { Injectable } from '@nestjs/common';
import type { Widget } from '../widgets/widget.js';
import { WidgetRepository } from '../widgets/widget.repository.js';
import type { NamedPerson } from './identity-token.js';
import { noSuchWidget } from './served-widget.js';
import { newVisitorToken, parseVisitorToken } from './visitor-token.js';
import { VisitorRepository } from './visitor.repository.js';

export interface Credentials {
  readonly visitorToken?: string | undefined;
  readonly identityToken?: string | undefined;
}

export interface VisitorSession extends WidgetToken {
  readonly visitorId: string;
  /** Opens an anonymous visitor's conversations the next time; null for a person, whom the site's server names each time. */
  readonly visitorToken: string | null;
}

interface Entrance {
  readonly widget: Widget;
  readonly named: NamedPerson | null;
  readonly credentials: Credentials;
  /** Takes what ended with it, to be announced after the commit. */
  readonly ended: SessionRevoked[];
}

/** Who comes in, decided in one transaction: a new visitor, one known again, or a person. */
@Injectable()
export class VisitorEntrance {
  constructor(
    private readonly widgets: WidgetRepository,
    private readonly visitors: VisitorRepository,
    private readonly access: WidgetAccess,
    private readonly conversations: ConversationService,
    private readonly audit: AuditService,
  ) {}

  async open(tx: TenantTx, entrance: Entrance): Promise<VisitorSession> {
    const { credentials, named, widget } = entrance;
    if (!(await this.widgets.holdServed(tx, widget.id))) throw noSuchWidget();
    const known = await this.known(tx, widget, credentials.visitorToken);
    if (named !== null) return this.openTo(tx, widget, await this.person(tx, named, { ...entrance, known }), null);
    if (known === null) {
      const visitor = await this.access.newVisitor(tx);
      const token = newVisitorToken(tx.tenantId, visitor.id);
      await this.visitors.insert(tx, { id: visitor.id, widgetId: widget.id, tokenHash: token.hash });
      return this.openTo(tx, widget, visitor, token.text);
    }
    if (known.movedAt !== null) throw noSuchVisitor();
    const visitor = await this.access.visitor(tx, known.id);
    await this.visitors.setSeen(tx, known.id);
    return this.openTo(tx, widget, visitor, credentials.visitorToken ?? null);
  }

  /** Of two who bring the same token at once one waits, and finds its conversations moved. */
  private async person(
    tx: TenantTx,
    named: NamedPerson,
    { ended, known, widget }: Entrance & { readonly known: { id: string; movedAt: Date | null } | null },
  ): Promise<PrincipalRecord> {
    const person = await this.access.person(tx, named);
    if (known === null || known.movedAt !== null) return person;
    // Whoever was blocked does not come in by another name.
    await this.access.visitor(tx, known.id);
    // First: who is about to begin a conversation has it moved as well, or finds the session ended.
    ended.push(await this.access.endOf(tx, known.id));
    const conversations = await this.conversations.moveAll(tx, { from: known.id, to: person.id });
    await this.visitors.setMoved(tx, known.id);
    await this.audit.record(
      tx,
      { principal: { id: person.id, role: person.role } },
      {
        action: 'visitor.identify',
        targetType: 'visitor',
        targetId: known.id,
        details: { widget: widget.id, conversations },
      },
    );
    return person;
  }

  private async known(
    tx: TenantTx,
    widget: Widget,
    text: string | undefined,
  ): Promise<{ id: string; movedAt: Date | null } | null> {
    if (text === undefined) return null;
    const token = parseVisitorToken(text);
    const visitor = token === null ? null : await this.visitors.lockByToken(tx, widget.id, token);
    if (visitor === null) throw noSuchVisitor();
    return visitor;
  }

  private async openTo(
    tx: TenantTx,
    { agent, id, limits }: Widget,
    user: PrincipalRecord,
    visitorToken: string | null,
  ): Promise<VisitorSession> {
    const visit: WidgetVisit = { id, agent, messagesPerMinute: limits.messagesPerMinute };
    return { ...(await this.access.open(tx, user, visit)), visitorId: user.id, visitorToken };
  }
}

/** Forged, run out, another widget's, or a person's by now: the panel begins again without it. */
function noSuchVisitor(): UnauthorizedError {
  return new UnauthorizedError('visitor_token: is not valid any more; begin again without it');
}
