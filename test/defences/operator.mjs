/** What an operator relies on: the powerless login, ceilings, limits, keys that end, sealed secrets, origins, bounds.
 * @type {readonly import('./index.mjs').Defence[]} */
export default [
  {
    attack: 'a server in production signs in as the owner of the database',
    edits: [
      {
        file: 'src/prepare-database.ts',
        from: 'if (config.production || ownerUrl !== undefined) throw before;',
        to: '',
      },
    ],
    test: 'test/integration/platform/server-login.postgres-spec.ts',
    name: 'starts no server in production that signs in as the owner, and says how it would',
  },
  {
    attack: 'a login that was given more powers serves on',
    edits: [
      {
        file: 'src/platform/database/login.ts',
        from: 'if (fault !== null) throw fault;',
        to: 'void fault;',
      },
    ],
    test: 'test/integration/platform/server-login.postgres-spec.ts',
    name: 'is refused by a connection that is opened after it was given more',
  },
  {
    attack: 'a pooler drops the role that a session asked for',
    edits: [
      {
        file: 'src/platform/database/login.ts',
        from: 'if (role !== login.role) excess.push(droppedRole(String(role), login.role));',
        to: '',
      },
    ],
    test: 'test/integration/platform/server-login.postgres-spec.ts',
    name: 'is refused where its sessions do not get the role that they ask for',
  },
  {
    attack: "a tenant's admin lifts the tenant's limits",
    edits: [
      {
        file: 'src/tenants/settings/settings.service.ts',
        from: 'assertBelow(current.ceilings, touched(patch, next), servedBy(this.config, next.llm));',
        to: 'void [assertBelow, touched, servedBy, this.config];',
      },
    ],
    test: 'test/integration/tenants/entitlements.int-spec.ts',
    name: 'of the operator’s environment are a ceiling for the settings',
  },
  {
    attack: 'settings from before a ceiling was lowered hold on',
    edits: [
      {
        file: 'src/tenants/entitlements/ceilings.ts',
        from: 'return ceiling === 0 ? wanted : Math.min(wanted, ceiling);',
        to: 'return wanted;',
      },
    ],
    test: 'test/integration/tenants/entitlements.int-spec.ts',
    name: 'raise and lower a ceiling, and hold at once over settings that were higher',
  },
  {
    attack: 'a flood of bad tokens keeps good ones of the same address out',
    edits: [
      {
        file: 'src/auth/guards/bad-credentials.ts',
        from: 'if (spent !== null && this.lanes.size(address) >= MOST_WAITING) throw',
        to: 'if (spent !== null) throw',
      },
    ],
    test: 'test/integration/auth/shared-address.int-spec.ts',
    name: 'are served with good tokens and keys, however many bad ones come from there',
  },
  {
    attack: 'passwords tried for many accounts keep the others of the address out',
    edits: [
      {
        file: 'src/auth/login/login-attempts.ts',
        from: 'const spent = pairSpent ?? addressSpent;',
        to: 'const spent = pairSpent ?? addressSpent;\n    if (addressSpent !== null) throw tooMany(addressSpent);',
      },
    ],
    test: 'test/integration/auth/shared-address.int-spec.ts',
    name: 'sign in, also for the first time, while passwords of many accounts are tried from there',
  },
  {
    attack: 'a stranger behind the same address locks an owner out',
    edits: [
      {
        file: 'src/auth/login/login-attempts.ts',
        from: 'const isRefused = pairSpent !== null && !isOwners;',
        to: 'const isRefused = pairSpent !== null;',
      },
    ],
    test: 'test/integration/auth/shared-address.int-spec.ts',
    name: 'are not locked out of their own account where they signed in lately',
  },
  {
    attack: 'a proxy whose callers all count as one goes unnoticed',
    edits: [{ file: 'src/platform/http/proxy-hint.ts', from: 'this.logger.warn(HINT);', to: 'void HINT;' }],
    test: 'src/platform/http/proxy-hint.spec.ts',
    name: 'is said once, with what to do',
  },
  {
    attack: 'a key outlives its disabled maker',
    edits: [
      {
        file: 'src/auth/api-keys/api-key.verifier.ts',
        from: 'AND m.id = k.created_by AND m.disabled_at IS NULL',
        to: 'AND m.id = k.created_by',
      },
      {
        file: 'src/auth/sessions/session.repository.ts',
        from: '      AND m.disabled_at IS NULL)',
        to: '      )',
      },
    ],
    test: 'test/integration/auth/keys.int-spec.ts',
    name: 'end when their maker is',
  },
  {
    attack: 'a key may do what its maker may not any more',
    edits: [
      {
        file: 'src/auth/api-keys/api-key.verifier.ts',
        from: 'const scopes = row === undefined ? null : scopesNow(row, row.makerRole);',
        to: "const scopes = row === undefined ? null : scopesNow(row, 'tenant_admin');",
      },
    ],
    test: 'test/integration/auth/keys.int-spec.ts',
    name: 'shrink with a maker who may less now',
  },
  {
    attack: 'what a key minted outlives it',
    edits: [
      {
        file: 'src/auth/api-keys/key-endings.ts',
        from: 'return [...sockets, ...(await this.sessions.endMintedBy(tx, keyIds))];',
        to: 'return sockets;',
      },
    ],
    test: 'test/integration/auth/keys.int-spec.ts',
    name: 'mint tokens that end with them: revoked, and when they run out',
  },
  {
    attack: 'a key is an admin because nobody said what it should be',
    edits: [
      {
        file: 'src/auth/api-keys/api-key.dto.ts',
        from: "role: z.enum(KEY_ROLES).default('end_user'),",
        to: "role: z.enum(KEY_ROLES).default('tenant_admin'),",
      },
    ],
    test: 'test/integration/auth/keys.int-spec.ts',
    name: 'are by default an end user’s, may chat and vouch, and end in a year',
  },
  {
    attack: 'a secret is written into a tool, where whoever reads tools reads it',
    edits: [
      {
        file: 'src/tools/http-tool.config.ts',
        from: 'const faults = [...templateFaults(parsed.data), ...secretFaults(parsed.data)];',
        to: 'const faults = [...templateFaults(parsed.data)];\n  void secretFaults;',
      },
    ],
    test: 'test/integration/tools/tools-http.int-spec.ts',
    name: 'hold no secret: wherever one is written, it is refused and sent to a credential',
  },
  {
    attack: 'a new signing key signs everybody out',
    edits: [
      {
        file: 'src/auth/tokens/token-keys.ts',
        from: '[...openPreviousKeys(config), signingKey]',
        to: '[...openPreviousKeys(config).slice(0, 0), signingKey]',
      },
    ],
    test: 'test/integration/auth/key-rotation.int-spec.ts',
    name: 'takes tokens of the previous key as its own, over HTTP and by the verifier of sockets',
  },
  {
    attack: 'a start with a key that opens nothing of what is stored',
    edits: [
      {
        file: 'src/platform/sealed/openable.ts',
        from: 'if (found.length > 0) throw new UnopenableValuesError(found);',
        to: 'void UnopenableValuesError;',
      },
    ],
    test: 'test/integration/platform/sealed-values.int-spec.ts',
    name: 'stop a start whose keys do not open them, which says what they are and whose',
  },
  {
    attack: 'a page that one tenant lists calls for people of another',
    edits: [
      {
        file: 'src/auth/guards/origin.guard.ts',
        from: 'if (user !== undefined) await this.origins.assertServed(user.ctx, headers, user.pages);',
        to: 'void [user, headers];',
      },
    ],
    test: 'test/integration/channels/pages.int-spec.ts',
    name: 'does nothing for people of another tenant, though its preflight passes',
  },
  {
    attack: 'a star in an origin means any depth of names',
    edits: [
      {
        file: 'src/platform/origins/origin-pattern.ts',
        from: "return [origin, `${url.protocol}//*.${above.join('.')}${port}`];",
        to: "return [origin, `${url.protocol}//*.${above.join('.')}${port}`, `${url.protocol}//*.${above.slice(-2).join('.')}${port}`];",
      },
    ],
    test: 'src/platform/origins/origin-pattern.spec.ts',
    name: 'means with a star the names one level below, and nothing else',
  },
  {
    attack: 'a repeated upload of the same length passes for the first one',
    edits: [
      {
        file: 'src/rag/documents/upload-once.interceptor.ts',
        from: "file.sha256.toString('hex')",
        to: 'file.size',
      },
    ],
    test: 'test/integration/rag/rag-http.int-spec.ts',
    name: 'are told apart by what they hold, and not by how long they are',
  },
  {
    attack: "a supporter reads one user's documents",
    edits: [
      {
        file: 'src/rag/documents/document.service.ts',
        from: 'return principal === undefined || principal.role === null || ADMINS.includes(principal.role);',
        to: 'return principal === undefined || principal.role !== undefined || ADMINS.includes(principal.role);',
      },
    ],
    test: 'test/integration/rag/rag-http.int-spec.ts',
    name: 'of one user are not for supporters, whatever way they ask',
  },
  {
    attack: 'a citation opens a passage that its reader may not see any more',
    edits: [
      {
        file: 'src/conversations/rest/conversation.service.ts',
        from: 'if (chunk?.visible === false)',
        to: 'if (chunk?.visible === undefined && chunk !== undefined)',
      },
    ],
    test: 'test/integration/channels/cited-passages.int-spec.ts',
    name: 'is nobody’s any more whose passage became another person’s, or other personas’',
  },
  {
    attack: 'a text of emoji twice as long as it may be',
    edits: [
      {
        file: 'src/platform/text/length.ts',
        from: 'z.refine<string>((text) => text.length <= units, { error })',
        to: 'z.refine<string>((text) => [...text].length <= units, { error })',
      },
    ],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'counts a text in UTF-16 units',
  },
  {
    attack: 'a model or tool says NUL, which no database can hold',
    edits: [
      {
        file: 'src/conversations/turns/turn-executor.ts',
        from: 'content: withoutNul(answer.content).toWellFormed(),',
        to: 'content: answer.content,',
      },
    ],
    test: 'test/integration/conversations/unstorable-words.int-spec.ts',
    name: 'are cleaned in the text, in payloads, citations and usage of an answer',
  },
  {
    attack: 'a forged cursor of passages ends in the database',
    edits: [
      {
        file: 'src/rag/documents/documents.controller.ts',
        from: 'const ordinalPosition = z.tuple([z.int32().min(0)]);',
        to: 'const ordinalPosition = z.tuple([z.any()]);',
      },
    ],
    test: 'test/integration/rag/rag-http.int-spec.ts',
    name: 'are paged by cursors that were given out, and by nothing that was made up',
  },
  {
    attack: 'a parameter that nothing defines is passed over',
    edits: [
      {
        file: 'src/platform/http/unknown-query.interceptor.ts',
        from: 'if (names.length > 0 && CLIENTS.test(path) && !this.declares(context)) throw unknownFields(names);',
        to: 'void [names, CLIENTS, path, this.declares(context), unknownFields];',
      },
    ],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'answers a parameter of a single read, or of a command, that nothing defines with 400',
  },
  {
    attack: "a create's tag is not the one that a read shows",
    edits: [
      {
        file: 'src/platform/http/creates.interceptor.ts',
        from: "response.setHeader('ETag', etagOf(asRead(result.body, shownOnce)));",
        to: "response.setHeader('ETag', etagOf(result.body));\n  void [asRead, shownOnce];",
      },
    ],
    test: 'test/integration/auth/http-contract.int-spec.ts',
    name: 'tags what it makes, for the first change of it',
  },
  {
    attack: 'a body that trickles for hours',
    edits: [
      {
        file: 'src/platform/http/body-pace.ts',
        from: 'if (hasBody && !request.complete) watch(request, response);',
        to: 'void [hasBody, watch, response];',
      },
    ],
    test: 'test/integration/channels/slow-clients.int-spec.ts',
    name: 'is answered with 408 when its headers or its body trickle, and others do not notice',
  },
  {
    attack: 'idle connections of an address keep the others of it out',
    edits: [
      {
        file: 'src/platform/http/http-connections.ts',
        from: 'const refused = own.size >= this.most && !makeRoom(own, Date.now());',
        to: 'void makeRoom;\n    const refused = own.size >= this.most;',
      },
    ],
    test: 'test/integration/channels/slow-clients.int-spec.ts',
    name: 'takes nobody’s connection: of those that wait the oldest makes room',
  },
  {
    attack: 'an address opens connections without end',
    edits: [
      {
        file: 'src/platform/http/configure-http.ts',
        from: 'if (!connections.isRefused(request.socket)) return next();',
        to: 'void connections;\n    if (request.socket !== undefined) return next();',
      },
    ],
    test: 'test/integration/channels/slow-clients.int-spec.ts',
    name: 'is refused with 429 beyond the connections that an address may have at work',
  },
  {
    attack: 'of several faults at the start only those of one kind are said',
    edits: [
      {
        file: 'src/platform/config/cross-faults.ts',
        from: '...providers(config), ...together(config), ...issuers(config)];',
        to: '...providers(config)];\n  void [together, issuers];',
      },
    ],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'lists what is wrong in one variable together with what is wrong between them',
  },
  {
    attack: 'a variable that does nothing is ignored in silence',
    edits: [
      {
        file: 'src/platform/config/app-config.ts',
        from: 'import { unservedIn } from',
        to: 'const unservedIn = (_given: unknown): string[] => [];\nimport { unservedIn as _unserved } from',
      },
    ],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'names each variable of the contract that is set and does nothing',
  },
];
