/**
 * Chat on a customer's website. An admin makes a widget (`widgets/`); its public key stands in the page, its secret on the
 * site's server. The panel asks for its looks and for a session (`sessions/`), and goes on with the token as every client does:
 *
 *   page ── public key, visitor token, identity token ──▶ ServedWidgets (which widget, for this page?) ──▶ SessionLimits
 *                                                              ──▶ VisitorEntrance (one transaction: who is it?)
 *                                                                    ──▶ `auth`: principal, session, access token
 *                                                                    ──▶ `conversations`: a visitor's become a person's
 *
 * What customers' pages load stands in `page/`: built apart, it knows the server by its API alone.
 *
 * What a session was let in under stands in its token and in its row: `auth` judges each request's page by the widget's list.
 */
export { WidgetModule } from './widget.module.js';
export type { Widget, WidgetDraft } from './widgets/widget.js';
export { WidgetService } from './widgets/widget.service.js';
export { SEALED_WIDGETS } from './widgets/widget-keys.js';
