/** What the edits below take out, or put in where the defence is that nobody looks. */
const KEYS = 'src/auth/tokens/token-keys.ts';
const VERIFIER = 'src/auth/tokens/access-token.verifier.ts';
const STRATEGY = 'src/auth/guards/jwt.strategy.ts';
const CLAIMS = 'src/auth/tokens/token-claims.ts';
const FOREIGN = 'src/auth/issuers/foreign-token.verifier.ts';
const SESSIONS = 'src/auth/sessions/session.service.ts';
const SESSION_ROWS = 'src/auth/sessions/session.repository.ts';
const USERS = 'src/auth/users/user.service.ts';
const PRINCIPALS = 'src/auth/principals/principal.repository.ts';
const ATTEMPTS = 'src/auth/login/login-attempts.ts';
const LOGIN = 'src/auth/login/password-login.ts';
const HASHER = 'src/auth/password/password-hasher.ts';
const RECOVERIES = 'src/auth/recovery/recovery.repository.ts';
const RESET = 'src/auth/recovery/password-reset.ts';
const INVITATIONS = 'src/auth/invitations/invitation.repository.ts';
const RECHECK = 'src/channels/session-recheck.ts';
const CONNECTION = 'src/channels/websocket/chat-connection.ts';

const tokens = 'test/integration/auth/tokens.int-spec.ts';
const issuers = 'test/integration/auth/issuers.int-spec.ts';
const keys = 'test/integration/auth/keys.int-spec.ts';
const people = 'test/integration/auth/people.int-spec.ts';
const signIn = 'test/integration/auth/sign-in.int-spec.ts';
const times = 'test/integration/auth/sign-in-times.int-spec.ts';
const office = 'test/integration/auth/shared-address.int-spec.ts';
const recovery = 'test/integration/auth/recovery.int-spec.ts';
const invitations = 'test/integration/auth/invitations.int-spec.ts';
const callers = 'test/integration/channels/callers.int-spec.ts';
const instances = 'test/integration/channels/instances.int-spec.ts';
const http = 'test/integration/channels/http-chat.int-spec.ts';
const widgets = 'test/integration/widget/widgets.int-spec.ts';

const change = (file, from, to) => ({ file, from, to });
const without = (file, from) => ({ file, from, to: '' });
/** Who was being let in is asked about again a moment later: the second layer behind what is closed at once. */
const unaskedLater = without(
  RECHECK,
  'this.events.on(SessionRevoked, ({ tenantId, principalId }) => this.askLater(personOf(tenantId, principalId))),',
);
const algorithms = (...more) =>
  change(KEYS, "algorithms: ['RS256'],", `algorithms: ${JSON.stringify(['RS256', ...more])} as unknown as 'RS256'[],`);
/** A copy of the signature's rules as only sockets have them. */
const forSockets = (key, rules) =>
  change(VERIFIER, 'jwt.verify(token, key, this.keys.rules)', `jwt.verify(token, ${key}, ${rules})`);
const forHttp = (rules) =>
  change(STRATEGY, 'jsonWebTokenOptions,\n      passReq', `jsonWebTokenOptions: ${rules},\n      passReq`);
/** Reads the header that nobody reads, and asks the address in it. */
const asking = (token) =>
  `for (const url of Object.values(JSON.parse(Buffer.from(${token}.split('.')[0] ?? '', 'base64url').toString()) as object))
      if (String(url).startsWith('http:')) await fetch(String(url)).catch(() => undefined);\n    `;
/** A secret that is there for something else, looked up by the row that it names as if it were a key. */
const asKey = (prefix, rows) => [
  change('src/auth/api-keys/api-key.ts', 'token.startsWith(PREFIX)', `/^(sk|${prefix})_/.test(token)`),
  change(
    'src/auth/api-keys/api-key.verifier.ts',
    'const [row] = await this.unitOfWork.query<Row>({ tenantId }, FIND_AND_TOUCH, [tenantId, hashApiKey(key)]);',
    `const [row] = key.startsWith('sk_')
      ? await this.unitOfWork.query<Row>({ tenantId }, FIND_AND_TOUCH, [tenantId, hashApiKey(key)])
      : await this.unitOfWork.query<Row>(
          { tenantId },
          \`SELECT p.id, p.role, p.persona, '{chat}'::text[] AS scopes, p.role AS "makerRole", NULL AS "expiresAt"
           FROM app.principal p WHERE p.tenant_id = $1 AND p.id IN (${rows})\`,
          [tenantId, key.slice(40, 76)],
        );`,
  ),
];
/** Of a socket's frame: asked before it does something. */
const unasked = (type) => change(CONNECTION, `case '${type}':\n        await this.assertAlive();`, `case '${type}':`);

/** @type {readonly import('./index.mjs').Defence[]} */
export default [
  // ── how a token is signed ──────────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'a token signed by another algorithm',
    edits: [algorithms('RS512')],
    test: tokens,
    name: 'RS512 with our key',
  },
  {
    attack: 'a token that says it is not signed, over HTTP',
    edits: [
      algorithms('none'),
      change(STRATEGY, 'if (key === null) done(new UnauthorizedError());', "if (key === null) done(null, '');"),
    ],
    test: tokens,
    name: 'alg none',
  },
  {
    attack: 'a token that says it is not signed, on a socket',
    edits: [
      algorithms('none'),
      change(
        VERIFIER,
        'if (key === null) throw new UnauthorizedError();',
        "if (key === null) return this.accept(token, jwt.verify(token, '', this.keys.rules), correlationId);",
      ),
    ],
    test: tokens,
    name: 'alg none',
  },
  {
    attack: 'a token that says nOnE',
    edits: [
      change(
        VERIFIER,
        'const key = this.keys.keyFor(token);',
        `if (/^none$/i.test(jwt.decode(token, { complete: true })?.header.alg ?? ''))
      return this.accept(token, jwt.decode(token), correlationId);
    const key = this.keys.keyFor(token);`,
      ),
    ],
    test: tokens,
    name: 'alg nOnE with our key id',
  },
  {
    attack: 'a token signed with our public key as a secret, over HTTP',
    edits: [
      algorithms('HS256'),
      change(
        STRATEGY,
        "import { Strategy } from 'passport-jwt';",
        "import { createSecretKey } from 'node:crypto';\nimport { Strategy } from 'passport-jwt';",
      ),
      change(
        STRATEGY,
        "else done(null, key.export({ type: 'spki', format: 'pem' }).toString());",
        `else {
          const pem = key.export({ type: 'spki', format: 'pem' }).toString();
          const isShared = Buffer.from(token.split('.')[0] ?? '', 'base64url').includes('HS256');
          done(null, isShared ? (createSecretKey(Buffer.from(pem)) as never) : pem);
        }`,
      ),
    ],
    test: tokens,
    name: 'HS256 signed with the public key',
  },
  {
    attack: 'a token signed with our public key as a secret, on a socket',
    edits: [
      change(
        VERIFIER,
        "import jwt from 'jsonwebtoken';",
        "import { createSecretKey } from 'node:crypto';\nimport jwt from 'jsonwebtoken';",
      ),
      forSockets(
        `jwt.decode(token, { complete: true })?.header.alg === 'HS256'
        ? createSecretKey(Buffer.from(key.export({ type: 'spki', format: 'pem' })))
        : key`,
        "{ ...this.keys.rules, algorithms: ['RS256', 'HS256'] }",
      ),
    ],
    test: tokens,
    name: 'HS256 signed with the public key',
  },
  {
    attack: "a token of a tenant's issuer signed by another algorithm",
    edits: [change(FOREIGN, 'algorithms: [...issuer.algorithms],', "algorithms: ['RS256', 'RS512', 'PS256'],")],
    test: issuers,
    name: 'are refused what was forged, bent or is out of time',
  },
  {
    attack: 'a secret that both sides know as the key of an issuer',
    edits: [
      change(
        'src/auth/issuers/trusted-issuer.ts',
        "ISSUER_ALGORITHMS = ['RS256', 'ES256', 'EdDSA']",
        "ISSUER_ALGORITHMS = ['HS256', 'RS256', 'ES256', 'EdDSA']",
      ),
      without(
        'src/auth/issuers/issuer-check.ts',
        `  if (algorithms.length !== 1 || algorithms[0] !== key.algorithm) {
    throw new IssuerKeyError('algorithms', \`must be ["\${key.algorithm}"] with this key\`);
  }
`,
      ),
    ],
    test: issuers,
    name: "{ algorithms: ['HS256'] }",
  },
  {
    attack: 'a critical extension that nobody here knows',
    edits: [without(KEYS, 'if (decoded.header.crit !== undefined) return null;')],
    test: tokens,
    name: 'a critical extension that nobody here knows',
  },

  // ── where the key comes from ───────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'a token that brings its own key',
    edits: [
      change(
        KEYS,
        "import type { KeyObject } from 'node:crypto';",
        "import { createPublicKey, type KeyObject } from 'node:crypto';",
      ),
      change(
        KEYS,
        "return this.own.get(decoded.header.kid ?? '')",
        `const { jwk } = decoded.header as { jwk?: never };
    if (jwk !== undefined) return createPublicKey({ key: jwk, format: 'jwk' });
    return this.own.get(decoded.header.kid ?? '')`,
      ),
    ],
    test: tokens,
    name: 'never make the server fetch a key',
  },
  {
    attack: 'a token that says where its key is, over HTTP',
    edits: [
      change(
        STRATEGY,
        'secretOrKeyProvider: (_request, token: string, done) => {',
        `secretOrKeyProvider: async (_request, token: string, done) => {\n        ${asking('token')}`,
      ),
    ],
    test: tokens,
    name: 'never make the server fetch a key',
  },
  {
    attack: 'a token that says where its key is, on a socket',
    edits: [
      change(
        VERIFIER,
        'const key = this.keys.keyFor(token);',
        `${asking('token')}const key = this.keys.keyFor(token);`,
      ),
    ],
    test: tokens,
    name: 'never make the server fetch a key',
  },
  {
    attack: "a token of a tenant's issuer that says where its key is",
    edits: [
      change(
        FOREIGN,
        'const trust = await this.trustOf(token);',
        `${asking('token')}const trust = await this.trustOf(token);`,
      ),
    ],
    test: issuers,
    name: 'never make the server ask where a token says',
  },

  // ── what it says ───────────────────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'a token without an expiry',
    edits: [change(CLAIMS, '  exp: z.number(),', '  exp: z.number().default(9e9),')],
    test: tokens,
    name: 'no expiry',
  },
  {
    attack: 'a token for somebody else',
    edits: [
      change(
        KEYS,
        'audience: AUDIENCE,\n      clockTolerance',
        'audience: undefined as unknown as string,\n      clockTolerance',
      ),
    ],
    test: tokens,
    name: 'another audience',
  },
  {
    attack: 'a token by somebody else',
    edits: [
      change(
        KEYS,
        'issuer: this.issuer,\n      audience: AUDIENCE,\n      clockTolerance',
        'issuer: undefined as unknown as string,\n      audience: AUDIENCE,\n      clockTolerance',
      ),
    ],
    test: tokens,
    name: 'another issuer',
  },
  {
    attack: 'a token of ours that belongs to no session',
    edits: [change(VERIFIER, 'if (ownWithoutSession || twoSubjects)', 'if (twoSubjects)')],
    test: tokens,
    name: 'no session',
  },
  {
    attack: 'a token of two people',
    edits: [change(VERIFIER, 'if (ownWithoutSession || twoSubjects)', 'if (ownWithoutSession)')],
    test: tokens,
    name: 'two subjects',
  },
  {
    attack: "a token of a tenant's issuer without an expiry",
    edits: [
      without(FOREIGN, "requiredClaims: ['exp'],"),
      change(FOREIGN, 'const { exp: expiresAt, iat', 'const { exp: expiresAt = 9e9, iat'),
    ],
    test: issuers,
    name: 'are refused what was forged, bent or is out of time',
  },
  {
    attack: 'a token that ended a minute and a second ago',
    edits: [change(CLAIMS, 'CLOCK_LEEWAY_SECONDS = 60', 'CLOCK_LEEWAY_SECONDS = 62')],
    test: tokens,
    name: 'an expiry 61 seconds ago',
  },
  {
    attack: 'a token that ended, over HTTP',
    edits: [change(STRATEGY, 'passReqToCallback: true,', 'passReqToCallback: true,\n      ignoreExpiration: true,')],
    test: tokens,
    name: 'an expiry 61 seconds ago',
  },
  {
    attack: 'a token that ended, on a socket',
    edits: [forSockets('key', '{ ...this.keys.rules, ignoreExpiration: true }')],
    test: tokens,
    name: 'an expiry 61 seconds ago',
  },
  {
    attack: 'a token that has not begun, over HTTP',
    edits: [forHttp('{ ...jsonWebTokenOptions, ignoreNotBefore: true }')],
    test: tokens,
    name: 'a start in more than a minute',
  },
  {
    attack: 'a token that has not begun, on a socket',
    edits: [forSockets('key', '{ ...this.keys.rules, ignoreNotBefore: true }')],
    test: tokens,
    name: 'a start in more than a minute',
  },
  {
    attack: "a token of a tenant's issuer that ended or has not begun",
    edits: [change(FOREIGN, 'clockTolerance: CLOCK_LEEWAY_SECONDS,', 'clockTolerance: 120,')],
    test: issuers,
    name: 'are refused what was forged, bent or is out of time',
  },
  {
    attack: "a token of a tenant's issuer that was issued in the future",
    edits: [change(FOREIGN, 'issuedAt >= 0 && issuedAt <= latest', 'issuedAt >= 0 && latest > 0')],
    test: issuers,
    name: 'are refused what was forged, bent or is out of time',
  },

  // ── secrets of another purpose ─────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'a refresh token as an access token',
    edits: asKey('rt', 'SELECT s.principal_id FROM app.session s WHERE s.tenant_id = $1 AND s.id = $2'),
    test: tokens,
    name: 'are not replaced by tokens of another purpose',
  },
  {
    attack: 'a reset token as an access token',
    edits: asKey('pr', 'SELECT r.principal_id FROM app.recovery r WHERE r.tenant_id = $1 AND r.id = $2'),
    test: tokens,
    name: 'are not replaced by tokens of another purpose',
  },
  {
    attack: 'an invitation as an access token',
    edits: asKey('in', 'SELECT i.invited_by FROM app.invitation i WHERE i.tenant_id = $1 AND i.id = $2'),
    test: tokens,
    name: 'are not replaced by tokens of another purpose',
  },
  {
    attack: "a visitor's token as an access token",
    edits: asKey('vt', '$2::uuid'),
    test: widgets,
    name: 'takes neither a visitor token nor an identity token for an access token',
  },

  // ── the end of a session ───────────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'a session that goes on after logout',
    edits: [change(SESSIONS, 'const revoked = await this.sessions.revoke(tx, sessionId);', 'const revoked = true;')],
    test: signIn,
    name: 'ends the session with logout, and says so to whoever holds its sockets',
  },
  {
    attack: 'an access token after logout',
    edits: [change(SESSIONS, '!row.alive ||', '')],
    test: signIn,
    name: 'ends the session with logout, and says so to whoever holds its sockets',
  },
  {
    attack: 'a refresh token after logout',
    edits: [
      change(
        SESSION_ROWS,
        's.id = $2 AND s.revoked_at IS NULL AND s.expires_at > now()\n         AND',
        's.id = $2 AND s.expires_at > now()\n         AND',
      ),
    ],
    test: signIn,
    name: 'ends the session with logout, and says so to whoever holds its sockets',
  },
  {
    attack: 'a silent socket after logout',
    edits: [
      without(
        'src/channels/websocket/connection-registry.ts',
        'this.events.on(SessionRevoked, (event) => this.endSessions(event)),',
      ),
      unaskedLater,
    ],
    test: callers,
    name: 'is cut off at once, on every socket of that session and on no other',
  },
  {
    attack: 'a silent socket after logout on another instance',
    edits: [without(SESSIONS, "events.share(SessionRevoked, { name: 'session.revoked', schema: REVOKED });")],
    test: instances,
    name: 'close the silent socket of a session that was ended on the other one',
  },
  {
    attack: 'a silent socket after a logout that nobody heard of',
    edits: [without(RECHECK, 'this.events.on(NewsMissed, () => this.askAll()),')],
    test: instances,
    name: 'close it within five seconds after the bus is back, when it was away meanwhile',
  },
  {
    attack: 'a socket or stream that is let in while its session ends',
    edits: [
      without(
        RECHECK,
        'this.events.on(SessionRevoked, ({ tenantId, principalId }) => this.askLater(personOf(tenantId, principalId))),',
      ),
    ],
    test: callers,
    name: 'stream is let in',
  },
  {
    attack: 'a socket that is let in while its tenant is suspended',
    edits: [without(RECHECK, 'this.events.on(TenantSuspended, ({ tenantId }) => this.askLater(tenantId)),')],
    test: callers,
    name: 'socket is let in, with its tenant,',
  },
  {
    attack: 'an event stream after logout',
    edits: [
      change(
        'src/channels/http/event-streams.ts',
        'return sessionId === null ? own === null || own !== exceptSessionId : own === sessionId;',
        'return own === null && sessionId === exceptSessionId;',
      ),
      unaskedLater,
    ],
    test: http,
    name: 'ends with the session',
  },
  { attack: 'a message after the session', edits: [unasked('user_message')], test: callers, name: 'a late message' },
  { attack: 'a resume after the session', edits: [unasked('resume')], test: callers, name: 'a late resume' },
  { attack: 'an abort after the session', edits: [unasked('abort')], test: callers, name: 'a late abort' },
  {
    attack: 'an unsubscribe after the session',
    edits: [unasked('unsubscribe')],
    test: callers,
    name: 'a late unsubscribe',
  },
  { attack: 'a rating after the session', edits: [unasked('feedback')], test: callers, name: 'a late rating' },
  {
    attack: "a token of a tenant's issuer after a sign-out",
    edits: [
      without(
        'src/auth/issuers/foreign-session.repository.ts',
        'if (signedOutAt !== null && token.issuedAt <= signedOutAt) return null;',
      ),
    ],
    test: issuers,
    name: 'let nobody back in with a token from before a sign-out',
  },

  // ── who becomes another ────────────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'a token of somebody disabled',
    edits: [change(SESSION_ROWS, 'p.id = $2 AND p.disabled_at IS NULL`', 'p.id = $2`')],
    test: tokens,
    name: 'stop working once the person is disabled or has another role',
  },
  {
    attack: 'a token of somebody demoted',
    edits: [without(SESSIONS, 'row.role !== principal.role || ')],
    test: tokens,
    name: 'stop working once the person is disabled or has another role',
  },
  {
    attack: 'a token of somebody with another persona by now',
    edits: [without(SESSIONS, ' || row.persona !== principal.persona')],
    test: tokens,
    name: 'another persona',
  },
  {
    attack: 'a refresh token of somebody disabled',
    edits: [change(SESSION_ROWS, 'AND p.disabled_at IS NULL\n       FOR UPDATE OF s', '\n       FOR UPDATE OF s')],
    test: tokens,
    name: 'stop working once the person is disabled or has another role',
  },
  {
    attack: 'a silent socket of somebody disabled',
    edits: [change(USERS, 'next.persona !== current.persona || disabled;', 'next.persona !== current.persona;')],
    test: callers,
    name: 'is cut off at once',
  },
  {
    attack: 'a silent socket of somebody demoted',
    edits: [change(USERS, 'const locksOut = next.role !== current.role || ', 'const locksOut = ')],
    test: callers,
    name: 'is cut off at once',
  },
  {
    attack: 'a silent socket of somebody with another persona by now',
    edits: [change(USERS, 'next.persona !== current.persona || disabled;', 'disabled;')],
    test: callers,
    name: 'is cut off at once',
  },
  {
    attack: 'a frame of somebody disabled, whom no news reached',
    edits: [change(SESSION_ROWS, 'p.id = $2 AND p.disabled_at IS NULL`', 'p.id = $2`')],
    test: callers,
    name: 'is cut off by the next frame when nobody announced it',
  },
  {
    attack: 'the password of somebody disabled',
    edits: [
      change(
        PRINCIPALS,
        'AND p.disabled_at IS NULL AND p.password_hash IS NOT NULL',
        'AND p.password_hash IS NOT NULL',
      ),
    ],
    test: signIn,
    name: 'does not let a disabled person or a suspended tenant sign in',
  },
  {
    attack: 'a reset link of somebody disabled',
    edits: [change(RESET, 'if (person === null || person.disabledAt !== null)', 'if (person === null)')],
    test: recovery,
    name: 'once the person is disabled',
  },
  {
    attack: 'a key of somebody disabled',
    edits: [
      change(
        'src/auth/api-keys/api-key.verifier.ts',
        'AND m.id = k.created_by AND m.disabled_at IS NULL',
        'AND m.id = k.created_by',
      ),
      change(SESSION_ROWS, '\n      AND m.disabled_at IS NULL)', ')'),
    ],
    test: keys,
    name: 'with what they minted, until somebody else answers for them',
  },
  {
    attack: "a frame of a key's socket whose maker was disabled",
    edits: [change(SESSION_ROWS, '\n      AND m.disabled_at IS NULL)', ')')],
    test: callers,
    name: 'is cut off by its next frame when nobody announced that the maker left',
  },
  {
    attack: 'a key of somebody demoted',
    edits: [
      change(
        'src/auth/api-keys/key-scopes.ts',
        'permissionsOf(makerRole).some((held) => held === scope)',
        'scope.length > 0',
      ),
    ],
    test: keys,
    name: 'shrink with a maker who may less now',
  },
  {
    attack: 'a visit of a platform admin who left',
    edits: [without(USERS, "if (before.role === 'platform_admin' && !stays) await this.departures.endVisits(id);")],
    test: keys,
    name: 'of a platform admin’s visit end when the platform admin leaves, wherever it was',
  },
  {
    attack: "a token of a tenant's issuer for somebody disabled",
    edits: [
      change(
        'src/auth/issuers/foreign-principals.ts',
        'if (disabledAt !== null || !issuer.roles.includes(role))',
        'if (disabledAt === undefined || !issuer.roles.includes(role))',
      ),
    ],
    test: issuers,
    name: 'make nobody of an address that is somebody else’s, and let nobody in who is disabled',
  },
  {
    attack: 'a new token for an end user who was disabled',
    edits: [
      change(
        'src/auth/end-users/end-user-accounts.ts',
        "(known.role !== 'end_user' || known.disabledAt !== null)",
        "known.role !== 'end_user'",
      ),
    ],
    test: people,
    name: 'get a token for an API key, and stay the same person',
  },
  {
    attack: 'a new session for a visitor who was blocked',
    edits: [
      change(
        'src/auth/visitors/widget-access.ts',
        "visitor.role !== 'visitor' || visitor.disabledAt !== null",
        "visitor.role !== 'visitor'",
      ),
    ],
    test: widgets,
    name: 'and lets nobody in who was blocked',
  },

  // ── refresh tokens ─────────────────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'a refresh token that was replaced more than ten seconds ago',
    edits: [change(SESSIONS, 'session.isPrevious && session.withinGrace', 'session.isPrevious')],
    test: tokens,
    name: 'end the whole session when an old one comes back after ten seconds',
  },
  {
    attack: 'a grace longer than ten seconds',
    edits: [change(SESSIONS, 'GRACE_SECONDS = 10', 'GRACE_SECONDS = 15')],
    test: tokens,
    name: 'end the whole session when an old one comes back after ten seconds',
  },
  {
    attack: 'the other tokens of a family of which one was copied',
    edits: [change(SESSIONS, 'await this.sessions.revoke(tx, session.id);\n      const actor', 'const actor')],
    test: tokens,
    name: 'end the whole session when an old one comes back after ten seconds',
  },
  {
    attack: 'the sockets of a family of which one was copied',
    edits: [
      without(
        SESSIONS,
        'await this.events.publish(new SessionRevoked(token.tenantId, outcome.session.principalId, token.sessionId));',
      ),
    ],
    test: tokens,
    name: 'end the whole session when an old one comes back after ten seconds',
  },
  {
    attack: 'a copied refresh token of which nothing is on record',
    edits: [
      change(
        SESSIONS,
        `await this.audit.record(tx, actor, {
        action: 'session.detect_reuse',`,
        `void (async () => actor)().then(() => ({
        action: 'session.detect_reuse',`,
      ),
      change(
        SESSIONS,
        'targetId: session.id,\n      });\n      return { session, refreshToken: null };',
        'targetId: session.id,\n      }));\n      return { session, refreshToken: null };',
      ),
    ],
    test: tokens,
    name: 'end the whole session when an old one comes back after ten seconds',
  },
  {
    attack: 'a refresh token that was replaced twice',
    edits: [change(SESSIONS, 'session.isPrevious && session.withinGrace', 'session.withinGrace')],
    test: tokens,
    name: 'end it also when one that is two generations old comes back',
  },
  {
    attack: 'a second successor where the first answer was lost',
    edits: [
      change(
        'src/auth/sessions/refresh-token.ts',
        "this.secretBox.digests('refresh.successor', token.text)[by] ?? Buffer.alloc(0)",
        'randomBytes(32 + by * 0)',
      ),
    ],
    test: tokens,
    name: 'give the same successor when the answer was lost',
  },
  {
    attack: "somebody's session ended by an invented refresh token",
    edits: [
      change('src/auth/sessions/refresh-token.ts', 'return this.sealedBy(body, seal) < 0 ? null : {', 'return {'),
    ],
    test: tokens,
    name: 'that were invented change nothing',
  },
  {
    attack: 'refresh tokens read from the database',
    edits: [
      change(
        'src/auth/sessions/refresh-token.ts',
        "return createHash('sha256').update(body).digest();",
        "return createHash('sha256').update('').digest().length > 0 ? Buffer.from(body) : Buffer.alloc(0);",
      ),
    ],
    test: tokens,
    name: 'are not in the database',
  },

  // ── passwords that are replaced ────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'another session after the password changed',
    edits: [
      change(
        'src/auth/password/password.service.ts',
        'return this.sessions.endAll(tx, id, sessionId);',
        "return this.sessions.endAll(tx, '01890000-0000-7000-8000-000000000000', sessionId);",
      ),
    ],
    test: signIn,
    name: 'ends the other sessions when the password changes, and keeps this one',
  },
  {
    attack: 'a session by the old password, opened while it changes',
    edits: [
      without(
        'src/auth/login/login.service.ts',
        `if (passwordHash === null || !(await this.principals.hasPasswordHash(tx, person.id, passwordHash))) {
        throw new WrongPasswordError();
      }`,
      ),
    ],
    test: signIn,
    name: 'opens no session, which would outlast the others',
  },
  {
    attack: 'a session by the old password, opened before the change is through',
    edits: [change(PRINCIPALS, 'AND password_hash = $3 FOR SHARE', 'AND password_hash = $3')],
    test: 'test/integration/auth/password-races.postgres-spec.ts',
    name: 'lets nobody in by the old one who was checked before the change is through',
  },
  {
    attack: 'a new password replaced by who knew the old one',
    edits: [
      change(
        'src/auth/password/password.service.ts',
        'if (!(await this.principals.replacePasswordHash(tx, id, stored, hash))) throw notThePassword();',
        'await this.principals.setPasswordHash(tx, id, hash);',
      ),
    ],
    test: signIn,
    name: 'replaces it no second time',
  },
  {
    attack: 'a silent socket after the password changed',
    edits: [without('src/auth/password/password.service.ts', 'await this.departures.announce([ended]);')],
    test: callers,
    name: 'through another password is cut off, and the one that changed it goes on',
  },
  {
    attack: 'a session after the password was reset',
    edits: [
      change(
        RESET,
        'ended: await this.sessions.endAll(tx, id)',
        "ended: await this.sessions.endAll(tx, '01890000-0000-7000-8000-000000000000')",
      ),
    ],
    test: recovery,
    name: 'sends a link that sets a password once and ends every session',
  },
  {
    attack: 'a visit that a platform admin begins while leaving',
    edits: [without('src/auth/visits/tenant-visit.service.ts', 'await this.assertStillThere(ctx);')],
    test: keys,
    name: 'of a platform admin’s visit stay ended for one who begins another while leaving',
  },
  {
    attack: "a visit of a platform admin's after the password changed",
    edits: [
      without(
        'src/auth/password/password.service.ts',
        "if (role === 'platform_admin') await this.departures.signOutOfVisits(id);",
      ),
    ],
    test: keys,
    name: 'which the visit itself does not',
  },
  {
    attack: "a visit of a platform admin's after the password was reset",
    edits: [without(RESET, "if (person.role === 'platform_admin') await this.departures.signOutOfVisits(person.id);")],
    test: keys,
    name: 'which the visit itself does not',
  },
  {
    attack: "a visit of a platform admin's after a sign-out everywhere",
    edits: [
      without(
        'src/auth/sessions/session-directory.ts',
        "if (role === 'platform_admin') await this.departures.signOutOfVisits(principalId);",
      ),
    ],
    test: keys,
    name: 'which the visit itself does not',
  },
  {
    attack: 'a reset link a second time',
    edits: [
      without(RESET, 'if (!(await this.recoveries.use(tx, secret))) throw new ResetTokenError();'),
      without(
        PRINCIPALS,
        "await tx.execute('DELETE FROM app.recovery WHERE tenant_id = $1 AND principal_id = $2', [tx.tenantId, id]);",
      ),
    ],
    test: recovery,
    name: 'sends a link that sets a password once and ends every session',
  },
  {
    attack: 'a reset link twice at once',
    edits: [without(RESET, 'if (!(await this.recoveries.use(tx, secret))) throw new ResetTokenError();')],
    test: 'test/integration/auth/password-races.postgres-spec.ts',
    name: 'is set by one of two who have the same link, also where both have looked at it',
  },
  {
    attack: 'a reset link after thirty minutes',
    edits: [change(RECOVERIES, 'secretHash: hash, expiresAt: MoreThan(new Date())', 'secretHash: hash')],
    test: recovery,
    name: 'after thirty minutes',
  },
  {
    attack: 'a reset link that lasts an hour',
    edits: [change('src/auth/recovery/recovery.service.ts', 'MINUTES = 30', 'MINUTES = 60')],
    test: recovery,
    name: 'after thirty minutes',
  },
  {
    attack: 'a reset link from before another password',
    edits: [
      without(
        PRINCIPALS,
        "await tx.execute('DELETE FROM app.recovery WHERE tenant_id = $1 AND principal_id = $2', [tx.tenantId, id]);",
      ),
    ],
    test: recovery,
    name: 'refuses a link that another one, or another password, has overtaken',
  },
  {
    attack: 'a reset link with an invented secret',
    edits: [change(RECOVERIES, 'secretHash: hash, expiresAt: MoreThan', 'expiresAt: MoreThan')],
    test: recovery,
    name: 'refuses what was invented, bent or meant for something else',
  },
  {
    attack: 'a reset link for two addresses, of which one is somebody else’s',
    edits: [
      change(
        'src/auth/recovery/recovery.dto.ts',
        'email: emailSchema })',
        'email: z.union([emailSchema, z.array(emailSchema).transform((all) => all[0] ?? "")]) })',
      ),
    ],
    test: recovery,
    name: 'victim@example.test',
  },

  // ── who is there ───────────────────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'a refused sign-in that says that nobody has this address',
    edits: [
      change(
        LOGIN,
        'if (tenantId === null || person === null || !right)',
        `if (person === null) throw Object.assign(new WrongPasswordError(), { message: 'Nobody has this address' });
    if (tenantId === null || !right)`,
      ),
    ],
    test: signIn,
    name: 'answers an unknown tenant, an unknown address and a wrong password alike',
  },
  {
    attack: 'a clock that tells whether somebody has this address',
    edits: [change(HASHER, 'this.dummy ??=', 'if (stored === null) return false;\n    this.dummy ??=')],
    test: times,
    name: 'is the same for a wrong password and for an unknown address',
  },
  {
    attack: 'a clock that tells who signed in here lately',
    edits: [
      change(
        ATTEMPTS,
        'const judge = async () => (await check()) && !isRefused;',
        `if (isRefused) throw tooMany(pairSpent);
    const judge = check;`,
      ),
    ],
    test: times,
    name: 'is the same beyond the limit, also where the owner signed in lately',
  },
  {
    attack: 'a clock that tells who was written to',
    edits: [
      change('src/auth/recovery/recovery.controller.ts', 'forgot(\n    @Body', 'async forgot(\n    @Body'),
      change(
        'src/auth/recovery/recovery.controller.ts',
        'z.infer<typeof accepted> {\n    this.forgotten.request',
        'Promise<z.infer<typeof accepted>> {\n    await this.forgotten.request',
      ),
      change(
        'src/auth/recovery/forgotten-password.ts',
        'address: string): void {\n    this.letters.later',
        'address: string): Promise<void> {\n    return this.letters.later',
      ),
      change(
        'src/auth/recovery/recovery-letters.ts',
        'later(write: () => Promise<Mail | null>): void {\n    if (this.waiting >= MOST_WAITING) return;\n    this.waiting++;\n    this.last = ',
        'async later(write: () => Promise<Mail | null>): Promise<void> {\n    this.waiting++;\n    await (this.last = ',
      ),
      change('src/auth/recovery/recovery-letters.ts', 'void this.waiting--);', 'void this.waiting--));'),
    ],
    test: recovery,
    name: 'takes the same time for everybody',
  },
  {
    attack: 'a forgotten password that tells who is there',
    edits: [
      change(
        'src/auth/recovery/recovery.controller.ts',
        `forgot(
    @Body`,
        `async forgot(
    @Body`,
      ),
      change(
        'src/auth/recovery/recovery.controller.ts',
        'z.infer<typeof accepted> {\n    this.forgotten.request(body, request.ip',
        `Promise<z.infer<typeof accepted>> {
    if ((await this.forgotten.find(body, '')) === null) throw new Error('Nobody has this address');
    this.forgotten.request(body, request.ip`,
      ),
      change('src/auth/recovery/forgotten-password.ts', 'private async find(', 'async find('),
    ],
    test: recovery,
    name: 'answers everybody alike, and writes only to who is there',
  },
  {
    attack: 'a suspended tenant told to whoever asks',
    edits: [
      change(
        LOGIN,
        "import { isUuid, newId } from '#platform/database';",
        "import { isUuid, newId } from '#platform/database';\nimport { SuspendedError } from '#platform/errors';",
      ),
      change(
        LOGIN,
        'const { person } = found;',
        'const { person } = found;\n    if (person?.suspended === true) throw new SuspendedError();',
      ),
    ],
    test: signIn,
    name: 'does not let a disabled person or a suspended tenant sign in',
  },

  // ── guesses ────────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'more than ten guesses at one account from one address',
    edits: [change(ATTEMPTS, 'PER_ACCOUNT_AND_ADDRESS = 10;', 'PER_ACCOUNT_AND_ADDRESS = 90;')],
    test: signIn,
    name: 'stops guessing from one address while the owner elsewhere still gets in, whatever X-Forwarded-For says',
  },
  {
    attack: 'guesses with another X-Forwarded-For each',
    edits: [
      change(
        'src/platform/http/configure-http.ts',
        "if (value === undefined || value === 'false') return false;",
        "if (value === undefined || value === 'false') return true;",
      ),
    ],
    test: signIn,
    name: 'stops guessing from one address while the owner elsewhere still gets in, whatever X-Forwarded-For says',
  },
  {
    attack: 'an owner locked out by guesses from elsewhere',
    edits: [change(ATTEMPTS, 'return `${limitedAddress(address)}/${', 'return `${address.slice(0, 0)}/${')],
    test: signIn,
    name: 'stops guessing from one address while the owner elsewhere still gets in, whatever X-Forwarded-For says',
  },
  {
    attack: 'the right password beyond the limit',
    edits: [change(ATTEMPTS, '(await check()) && !isRefused', '(await check()) || isRefused === null')],
    test: signIn,
    name: 'stops guessing from one address while the owner elsewhere still gets in, whatever X-Forwarded-For says',
  },
  {
    attack: 'guesses at one account by several names of its tenant',
    edits: [change(LOGIN, '`${tenantId ?? input.tenant}/${email}`', '`${input.tenant}/${email}`')],
    test: signIn,
    name: 'counts the guesses of one account together, however its tenant is spelt',
  },
  {
    attack: 'guesses at one account by several spellings of its address',
    edits: [change(LOGIN, '`${tenantId ?? input.tenant}/${email}`', '`${tenantId ?? input.tenant}/${input.email}`')],
    test: signIn,
    name: 'counts them together however the address is spelt, and all that come at once',
  },
  {
    attack: 'guesses that all come at once',
    edits: [
      change(
        ATTEMPTS,
        'const pairSpent = await take(this.pairs, pair);',
        `const seen = await this.pairs.get(pair);
    const pairSpent = seen !== null && seen.remainingPoints <= 0 ? seen : null;
    const taken = check;
    check = async () => {
      const right = await taken();
      await take(this.pairs, pair);
      return right;
    };`,
      ),
    ],
    test: signIn,
    name: 'counts them together however the address is spelt, and all that come at once',
  },
  {
    attack: 'guesses at many accounts from one address',
    edits: [change(ATTEMPTS, 'PER_ADDRESS = 100;', 'PER_ADDRESS = 10_000;')],
    test: office,
    name: 'sign in, also for the first time, while passwords of many accounts are tried from there',
  },
  {
    attack: 'the password of a session that was taken over',
    edits: [
      change(
        ATTEMPTS,
        'return this.judged({ from: limitedAddress(address), pair: pairOf(address, account), isOwners: false }, check);',
        'return address === account ? this.signIn(address, account, check) : check();',
      ),
    ],
    test: office,
    name: 'does not guess the password of a session that was taken over, wherever its owner signed in',
  },
  {
    attack: 'keys and tokens that are guessed',
    edits: [change('src/auth/guards/bad-credentials.ts', 'BAD_PER_MINUTE = 120', 'BAD_PER_MINUTE = 12_000')],
    test: office,
    name: 'are served with good tokens and keys, however many bad ones come from there',
  },
  {
    attack: 'guesses from all addresses of one customer',
    edits: [change('src/platform/http/client-address.ts', '.slice(0, 4)', '.slice(0, 8)')],
    test: 'src/platform/http/client-address.spec.ts',
    name: 'limitedAddress',
  },
  {
    attack: 'a password of a megabyte',
    edits: [
      change(
        'src/auth/login/auth.dto.ts',
        `const password = z
  .string()
  .min(1)
  .check(...atMost(1024));`,
        'const password = z.string().min(1);',
      ),
    ],
    test: signIn,
    name: 'refuses a huge password without hashing it',
  },

  // ── invitations ────────────────────────────────────────────────────────────────────────────────────────────────────
  {
    attack: 'an invitation a second time',
    edits: [
      change(
        INVITATIONS,
        'const open = { acceptedAt: IsNull(), revokedAt: IsNull() };',
        'const open = { revokedAt: IsNull() };',
      ),
      change(
        'src/auth/invitations/invitation-acceptance.ts',
        'if (!(await this.principals.insert(tx, { ...person, passwordHash, attributes: {} }))) {\n        throw new InvitationTokenError();\n      }',
        'await this.principals.insert(tx, { ...person, passwordHash, attributes: {} });',
      ),
    ],
    test: invitations,
    name: 'are mailed, accepted once, and sign in with the role that was given',
  },
  {
    attack: 'an invitation that was revoked',
    edits: [
      change(
        INVITATIONS,
        'const open = { acceptedAt: IsNull(), revokedAt: IsNull() };',
        'const open = { acceptedAt: IsNull() };',
      ),
    ],
    test: invitations,
    name: 'end when they are revoked, replaced or too old',
  },
  {
    attack: 'an invitation that was replaced',
    edits: [
      change(INVITATIONS, 'findOne({ id: secret.id, secretHash: secret.hash, ', 'findOne({ id: secret.id, '),
      change(INVITATIONS, 'const open = { id: secret.id, secretHash: secret.hash, ', 'const open = { id: secret.id, '),
    ],
    test: invitations,
    name: 'end when they are revoked, replaced or too old',
  },
  {
    attack: 'an invitation with an invented secret',
    edits: [
      change(INVITATIONS, 'findOne({ id: secret.id, secretHash: secret.hash, ', 'findOne({ id: secret.id, '),
      change(INVITATIONS, 'const open = { id: secret.id, secretHash: secret.hash, ', 'const open = { id: secret.id, '),
    ],
    test: invitations,
    name: 'of another tenant are not found, and no token opens another',
  },
  {
    attack: 'an invitation that is too old',
    edits: [change(INVITATIONS, 'return { ...open, expiresAt: MoreThan(new Date()) };', 'return open;')],
    test: invitations,
    name: 'end when they are revoked, replaced or too old',
  },
  {
    attack: 'an invitation accepted for another address',
    edits: [
      change(
        'src/auth/invitations/invitation.dto.ts',
        '.strictObject({ token: z.string()',
        '.object({ token: z.string()',
      ),
    ],
    test: invitations,
    name: 'of another tenant are not found, and no token opens another',
  },
  {
    attack: 'an invitation by somebody demoted since',
    edits: [
      change(
        'src/auth/invitations/open-invitations.ts',
        'this.authority.assertMayTouch({ principal: { role: host.role, scopes } }, role);\n',
        '',
      ),
    ],
    test: invitations,
    name: 'are worth no more than whoever invited is today',
  },
  {
    attack: 'an invitation by somebody disabled since',
    edits: [
      change(
        'src/auth/invitations/open-invitations.ts',
        'if (host === null || host.disabledAt !== null) return false;',
        'if (host === null) return false;',
      ),
    ],
    test: invitations,
    name: 'are worth no more than whoever invited is today',
  },
];
