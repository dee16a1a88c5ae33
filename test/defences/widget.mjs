const SPEC = 'test/integration/widget/widgets.int-spec.ts';
const IDENTITY = 'src/widget/sessions/identity-token.spec.ts';

/** @type {readonly import('./index.mjs').Defence[]} */
export default [
  {
    attack: 'a page that is not on the list, asking for the looks and for a session',
    edits: [
      {
        file: 'src/widget/sessions/served-widget.ts',
        from: 'await this.origins.assertServed(scope, page, found.origins);',
        to: 'void page;',
      },
    ],
    test: SPEC,
    name: 'tells its looks to pages on its list',
  },
  {
    attack: 'a page that is not on the list, by a visitor’s token over REST and server-sent events',
    edits: [
      {
        file: 'src/auth/guards/origin.guard.ts',
        from: 'if (user !== undefined) await this.origins.assertServed(user.ctx, headers, user.pages);',
        to: 'void [user, headers];',
      },
    ],
    test: SPEC,
    name: 'serves its own pages only',
  },
  {
    attack: 'a page that is not on the list, by a visitor’s token over a socket',
    edits: [
      {
        file: 'src/channels/websocket/socket-authenticator.ts',
        from: 'await this.origins.assertServed(ctx, handshake, pages);',
        to: 'void pages;',
      },
    ],
    test: SPEC,
    name: 'serves its own pages only',
  },
  {
    attack: 'a page that nobody lists, opening a socket',
    edits: [
      {
        file: 'src/channels/websocket/upgrade-gate.ts',
        from: 'if (!(await this.origins.isKnown(origin))) throw',
        to: "if (!(await this.origins.isKnown(origin)) && origin === '') throw",
      },
    ],
    test: 'test/integration/channels/pages.int-spec.ts',
    name: 'opens sockets by the same list',
  },
  {
    attack: 'a page of the tenant’s own list, where the widget does not stand',
    edits: [
      {
        file: 'src/tenants/origins/tenant-origins.ts',
        from: 'return isListed(only ?? (await this.settings.get(scope)).allowedOrigins, origin);',
        to: 'return isListed([...(only ?? []), ...(await this.settings.get(scope)).allowedOrigins], origin);',
      },
    ],
    test: SPEC,
    name: 'serves its own pages only',
  },
  {
    attack: 'a site whose name begins like one on the list',
    edits: [
      {
        file: 'src/platform/origins/origin-pattern.ts',
        from: 'patternsFor(origin).some((pattern) => list.includes(pattern))',
        to: 'patternsFor(origin).some((pattern) => list.some((entry) => pattern.startsWith(entry)))',
      },
    ],
    test: 'src/platform/http/origins.spec.ts',
    name: 'operator’s list exactly',
  },
  {
    attack: 'a session from before the page was taken off the list',
    edits: [
      {
        file: 'src/widget/widgets/widget.service.ts',
        from: "['enabled', 'origins', 'agent',",
        to: "['enabled', 'agent',",
      },
    ],
    test: SPEC,
    name: 'shows its visitors out',
  },
  {
    attack: 'a session of a widget that is disabled',
    edits: [
      {
        file: 'src/widget/widgets/widget.service.ts',
        from: "['enabled', 'origins', 'agent',",
        to: "['origins', 'agent',",
      },
    ],
    test: SPEC,
    name: 'shows its visitors out',
  },
  {
    attack: 'the looks of a widget that is disabled',
    edits: [
      {
        file: 'src/widget/widgets/widget.repository.ts',
        from: "'w.publicKey = :publicKey AND w.enabled'",
        to: "'w.publicKey = :publicKey'",
      },
    ],
    test: SPEC,
    name: 'tells no page its looks any more',
  },
  {
    attack: 'the rest of a widget’s settings, by its public key',
    edits: [
      {
        file: 'src/widget/sessions/public-widget.dto.ts',
        from: `  return {
    name,`,
        to: `  return {
    ...(widget as object),
    name,`,
      },
    ],
    test: SPEC,
    name: 'tells its looks to pages on its list',
  },
  {
    attack: 'the public key in place of a token',
    edits: [
      {
        file: 'src/auth/guards/authentication.guard.ts',
        from: "if (access?.kind === 'operator') {",
        to: "if (request.headers.authorization?.startsWith('Bearer pk_') === true) return true;\n    if (access?.kind === 'operator') {",
      },
    ],
    test: SPEC,
    name: 'opens nothing by its key alone',
  },
  {
    attack: 'another visitor’s conversation, read by its id',
    edits: [
      {
        file: 'src/conversations/store/conversation.repository.ts',
        from: '`SELECT ${CONVERSATION} FROM app.conversation WHERE tenant_id = $1 AND principal_id = $2 AND id = $3`',
        to: '`SELECT ${CONVERSATION} FROM app.conversation WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND id = $3`',
      },
    ],
    test: SPEC,
    name: 'shows no visitor what another one wrote',
  },
  {
    attack: 'another visitor’s conversation, written into by its id',
    edits: [
      {
        file: 'src/conversations/store/turn.repository.ts',
        from: 'WHERE tenant_id = $1 AND id = $2 AND principal_id = $3 FOR UPDATE`',
        to: 'WHERE tenant_id = $1 AND id = $2 AND $3::uuid IS NOT NULL FOR UPDATE`',
      },
    ],
    test: SPEC,
    name: 'shows no visitor what another one wrote',
  },
  {
    attack: 'another visitor’s conversation, deleted by its id',
    edits: [
      {
        file: 'src/conversations/store/conversation.repository.ts',
        from: "'DELETE FROM app.conversation WHERE tenant_id = $1 AND principal_id = $2 AND id = $3'",
        to: "'DELETE FROM app.conversation WHERE tenant_id = $1 AND $2::uuid IS NOT NULL AND id = $3'",
      },
    ],
    test: SPEC,
    name: 'shows no visitor what another one wrote',
  },
  {
    attack: 'a visitor token whose secret part is made up',
    edits: [
      {
        file: 'src/widget/sessions/visitor.repository.ts',
        from: 'findOne({ id: visitorId, widgetId, tokenHash: hash }',
        to: 'findOne({ id: hash.length > 0 ? visitorId : widgetId, widgetId }',
      },
    ],
    test: SPEC,
    name: 'knows a visitor again by the token',
  },
  {
    attack: 'another widget’s visitor token',
    edits: [
      {
        file: 'src/widget/sessions/visitor.repository.ts',
        from: 'findOne({ id: visitorId, widgetId, tokenHash: hash }',
        to: 'findOne({ id: widgetId === visitorId ? widgetId : visitorId, tokenHash: hash }',
      },
    ],
    test: SPEC,
    name: 'knows a visitor again by the token',
  },
  {
    attack: 'the visitor token of somebody who has signed in since',
    edits: [
      {
        file: 'src/widget/sessions/visitor-entrance.ts',
        from: 'if (known.movedAt !== null) throw noSuchVisitor();',
        to: 'if (known.movedAt === undefined) throw noSuchVisitor();',
      },
    ],
    test: SPEC,
    name: 'moves a visitor’s conversations to the person, once',
  },
  {
    attack: 'a conversation begun while a visitor’s are moved, over HTTP',
    edits: [
      {
        file: 'src/conversations/turns/turn-acceptance.ts',
        from: 'this.turns.holdSession(tx, ctx.principal),',
        to: 'undefined,',
      },
    ],
    test: SPEC,
    name: 'leaves no conversation behind',
  },
  {
    attack: 'a conversation made while a visitor’s are moved',
    edits: [
      {
        file: 'src/conversations/rest/conversation.service.ts',
        from: 'await this.turns.holdSession(tx, ctx.principal);',
        to: '',
      },
    ],
    test: SPEC,
    name: 'leaves no conversation behind',
  },
  {
    attack: 'a conversation that is being written while a visitor’s are moved',
    edits: [
      {
        file: 'src/conversations/store/turn.repository.ts',
        from: 'AND revoked_at IS NULL FOR SHARE',
        to: 'AND revoked_at IS NULL',
      },
    ],
    test: 'test/integration/widget/moving.postgres-spec.ts',
    name: 'are moved with the one that is being begun',
  },
  {
    attack: 'all visitors a minute from all addresses',
    edits: [
      {
        file: 'src/widget/sessions/session-limits.ts',
        from: 'Math.min(limits.sessionsPerMinute ?? OF_A_WIDGET, OF_A_WIDGET)',
        to: 'limits.sessionsPerMinute ?? OF_A_WIDGET * 100',
      },
    ],
    test: 'src/widget/sessions/session-limits.spec.ts',
    name: 'twelve hundred from all addresses',
  },
  {
    attack: 'one address taking from everybody’s',
    edits: [
      {
        file: 'src/widget/sessions/session-limits.ts',
        from: "await letOneIn(this.limiter('widget.address', ofAddress), `${id}/${address}`);",
        to: '',
      },
      {
        file: 'src/widget/sessions/session-limits.ts',
        from: 'Math.min(limits.sessionsPerMinute ?? OF_A_WIDGET, OF_A_WIDGET)), id);',
        to: "Math.min(limits.sessionsPerMinute ?? OF_A_WIDGET, OF_A_WIDGET)), id);\n    await letOneIn(this.limiter('widget.address', ofAddress), `${id}/${address}`);",
      },
    ],
    test: 'src/widget/sessions/session-limits.spec.ts',
    name: 'others when one address is over its own',
  },
  {
    attack: 'an identity that nobody signed, or another widget or tenant',
    edits: [
      {
        file: 'src/widget/sessions/identity-token.ts',
        from: "jwt.verify(token, secret.reveal(), { algorithms: ['HS256'] })",
        to: 'jwt.decode(token)',
      },
    ],
    test: IDENTITY,
    name: 'that another secret signed',
  },
  {
    attack: 'an identity signed by another algorithm',
    edits: [
      {
        file: 'src/widget/sessions/identity-token.ts',
        from: "{ algorithms: ['HS256'] }",
        to: "{ algorithms: ['HS256', 'HS512'] }",
      },
    ],
    test: IDENTITY,
    name: 'by HS512',
  },
  {
    attack: 'an identity that has expired',
    edits: [
      {
        file: 'src/widget/sessions/identity-token.ts',
        from: "{ algorithms: ['HS256'] }",
        to: "{ algorithms: ['HS256'], ignoreExpiration: true }",
      },
    ],
    test: IDENTITY,
    name: 'that has expired',
  },
  {
    attack: 'an identity that has only just expired',
    edits: [
      {
        file: 'src/widget/sessions/identity-token.ts',
        from: "{ algorithms: ['HS256'] }",
        to: "{ algorithms: ['HS256'], clockTolerance: 10 }",
      },
    ],
    test: IDENTITY,
    name: 'that has expired just now',
  },
  {
    attack: 'an identity that is good for long',
    edits: [
      {
        file: 'src/widget/sessions/identity-token.ts',
        from: 'const LONGEST_SECONDS = 600;',
        to: 'const LONGEST_SECONDS = 700;',
      },
    ],
    test: IDENTITY,
    name: 'that is good for eleven minutes',
  },
  {
    attack: 'an identity without an end',
    edits: [
      { file: 'src/widget/sessions/identity-token.ts', from: 'exp: z.number(),', to: 'exp: z.number().default(0),' },
    ],
    test: IDENTITY,
    name: 'without an end',
  },
  {
    attack: 'an identity of the platform’s',
    edits: [
      {
        file: 'src/widget/sessions/identity-token.ts',
        from: 'isStorable(id) && !RESERVED_EXTERNAL_ID.test(id)',
        to: "isStorable(id) && !RESERVED_EXTERNAL_ID.test('')",
      },
    ],
    test: IDENTITY,
    name: 'of one of the platform’s',
  },
  {
    attack: 'an identity signed with the secret of before',
    edits: [
      {
        file: 'src/widget/widgets/widget.service.ts',
        from: 'await this.widgets.update(tx, id, this.sealedPart(ctx, id, secret));',
        to: 'this.sealedPart(ctx, id, secret);',
      },
    ],
    test: SPEC,
    name: 'refuses what the widget’s secret did not sign',
  },
  {
    attack: 'an identity that is one of the staff’s',
    edits: [
      {
        file: 'src/auth/end-users/end-user-accounts.ts',
        from: "if (known !== null && (known.role !== 'end_user' || known.disabledAt !== null)) {",
        to: 'if (known !== null && known.disabledAt !== null) {',
      },
    ],
    test: SPEC,
    name: 'never makes somebody of the staff out of a visitor',
  },
  {
    attack: 'a token in the address, which browsers send along to other sites',
    edits: [
      {
        file: 'src/platform/http/configure-http.ts',
        from: "{ policy: 'no-referrer' as const }",
        to: "{ policy: 'unsafe-url' as const }",
      },
    ],
    test: SPEC,
    name: 'has browsers send no address',
  },
  {
    attack: 'a token in the address, found in the log',
    edits: [{ file: 'src/platform/http/request-log.ts', from: 'redactPath(request.path)', to: 'request.url' }],
    test: 'src/platform/http/request-log.spec.ts',
    name: 'leaves out the query with its token',
  },
  {
    attack: 'a page of anybody’s, reading answers with credentials',
    edits: [
      {
        file: 'src/platform/http/cross-origin.ts',
        from: 'const served = listed.has(request);',
        to: 'const served = listed.has(request) || request.headers.origin !== undefined;',
      },
    ],
    test: 'test/integration/channels/pages.int-spec.ts',
    name: 'is no page of anybody’s',
  },
  {
    attack: 'another tenant’s page, reading the refusal',
    edits: [
      {
        file: 'src/platform/http/problem.filter.ts',
        from: 'if (thrown instanceof ForeignPageError) hideFromPage(response);',
        to: 'if (thrown instanceof ForeignPageError) response.vary(hideFromPage.name);',
      },
    ],
    test: SPEC,
    name: 'serves its own pages only',
  },
  {
    attack: 'a page of anybody’s, asking what it may (preflight)',
    edits: [
      {
        file: 'src/platform/http/cross-origin.ts',
        from: 'else if (isPreflight) return next(',
        to: "else if (isPreflight && headers.origin === '') return next(",
      },
    ],
    test: 'test/integration/channels/pages.int-spec.ts',
    name: 'is no page of anybody’s',
  },
  {
    attack: 'a thousand visitors a minute from one address',
    edits: [
      {
        file: 'src/widget/sessions/session-limits.ts',
        from: 'const OF_AN_ADDRESS = 60;',
        to: 'const OF_AN_ADDRESS = 100_000;',
      },
    ],
    test: 'src/widget/sessions/session-limits.spec.ts',
    name: 'sixty visitors a minute',
  },
  {
    attack: 'a thousand visitors a minute from one address, since the widget allows them',
    edits: [
      {
        file: 'src/widget/sessions/session-limits.ts',
        from: 'Math.min(limits.sessionsPerAddressMinute ?? OF_AN_ADDRESS, OF_AN_ADDRESS)',
        to: 'Math.max(limits.sessionsPerAddressMinute ?? OF_AN_ADDRESS, 1)',
      },
    ],
    test: 'src/widget/sessions/session-limits.spec.ts',
    name: 'no more than that',
  },
  {
    attack: 'visitors from all addresses of one IPv6 network',
    edits: [
      {
        file: 'src/platform/http/client-address.ts',
        from: 'if (!isIPv6(bare)) return bare;',
        to: 'if (bare !== null) return bare;',
      },
    ],
    test: 'src/platform/http/client-address.spec.ts',
    name: 'counts',
  },
  {
    attack: 'a visitor who was blocked, coming in again',
    edits: [
      {
        file: 'src/auth/visitors/widget-access.ts',
        from: "visitor.role !== 'visitor' || visitor.disabledAt !== null",
        to: "visitor.role !== 'visitor'",
      },
    ],
    test: SPEC,
    name: 'lets nobody in who was blocked',
  },
  {
    attack: 'a visitor who was blocked, coming in by another name',
    edits: [
      {
        file: 'src/widget/sessions/visitor-entrance.ts',
        from: `    await this.access.visitor(tx, known.id);
    // First`,
        to: `    // First`,
      },
    ],
    test: SPEC,
    name: 'lets nobody in who was blocked',
  },
  {
    attack: 'a person who was blocked, named by the site’s server',
    edits: [
      {
        file: 'src/auth/end-users/end-user-accounts.ts',
        from: "(known.role !== 'end_user' || known.disabledAt !== null)",
        to: "known.role !== 'end_user'",
      },
    ],
    test: SPEC,
    name: 'lets nobody in who was blocked',
  },
  {
    attack: 'whoever was blocked, with the token of before',
    edits: [
      {
        file: 'src/auth/sessions/session.repository.ts',
        from: 'WHERE p.tenant_id = $1 AND p.id = $2 AND p.disabled_at IS NULL`;',
        to: 'WHERE p.tenant_id = $1 AND p.id = $2`;',
      },
      // It is refused twice: the session has ended as well.
      {
        file: 'src/auth/users/user.service.ts',
        from: 'next.persona !== current.persona || disabled;',
        to: 'next.persona !== current.persona;',
      },
    ],
    test: SPEC,
    name: 'lets nobody in who was blocked',
  },
  {
    attack: 'visitors of a tenant that is suspended',
    edits: [
      {
        file: 'src/widget/sessions/served-widget.ts',
        from: 'if (await this.isSuspended(scope)) throw new SuspendedError();',
        to: 'if ((await this.isSuspended(scope)) && page.origin === null) throw new SuspendedError();',
      },
    ],
    test: SPEC,
    name: 'lets nobody in while the tenant is suspended',
  },
];
