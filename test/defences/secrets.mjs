/** @type {readonly import('./index.mjs').Defence[]} */
export default [
  {
    attack: 'reading a credential’s secret back, over REST',
    edits: [
      {
        file: 'src/platform/secrets/secret-string.ts',
        from: "return this.#value.length >= 12 ? this.#value.slice(-4) : '';",
        to: 'return this.#value;',
      },
    ],
    test: 'test/integration/llm/credentials.int-spec.ts',
    name: 'shown by their last four characters',
  },
  {
    attack: 'reading a widget’s secret back, over REST',
    edits: [
      {
        file: 'src/widget/widgets/widget.service.ts',
        from: 'last4: secret.last4 }',
        to: 'last4: secret.reveal() }',
      },
    ],
    test: 'test/integration/widget/widgets.int-spec.ts',
    name: 'a secret that is shown once',
  },
  {
    attack: 'printing a secret by accident',
    edits: [
      {
        file: 'src/platform/secrets/secret-string.ts',
        from: `toJSON(): string {
    return HIDDEN;`,
        to: `toJSON(): string {
    return this.#value;`,
      },
    ],
    test: 'src/platform/secrets/secret-box.spec.ts',
    name: 'shows itself only when asked',
  },
  {
    attack: 'a sealed value of another tenant’s, put into one’s own row',
    edits: [
      {
        file: 'src/platform/secrets/secret-box.ts',
        from: 'JSON.stringify([belongsTo.tenantId, belongsTo.rowId, belongsTo.purpose])',
        to: 'JSON.stringify([belongsTo.rowId, belongsTo.purpose])',
      },
    ],
    test: 'src/platform/secrets/secret-box.spec.ts',
    name: 'another tenant',
  },
  {
    attack: 'a sealed value put into another row',
    edits: [
      {
        file: 'src/platform/secrets/secret-box.ts',
        from: 'JSON.stringify([belongsTo.tenantId, belongsTo.rowId, belongsTo.purpose])',
        to: 'JSON.stringify([belongsTo.tenantId, belongsTo.purpose])',
      },
    ],
    test: 'src/platform/secrets/secret-box.spec.ts',
    name: 'another row',
  },
  {
    attack: 'a sealed value of one kind, taken for another',
    edits: [
      {
        file: 'src/platform/secrets/secret-box.ts',
        from: 'JSON.stringify([belongsTo.tenantId, belongsTo.rowId, belongsTo.purpose])',
        to: 'JSON.stringify([belongsTo.tenantId, belongsTo.rowId])',
      },
    ],
    test: 'src/platform/secrets/secret-box.spec.ts',
    name: 'another purpose',
  },
  {
    attack: 'a credential’s sealed value of another tenant, under a tool of one’s own',
    edits: [
      {
        file: 'src/llm/credentials/sealed-credentials.ts',
        from: 'return { tenantId, rowId, purpose: CREDENTIAL_PURPOSE };',
        to: 'return { tenantId: tenantId.slice(0, 0), rowId: rowId.slice(0, 0), purpose: CREDENTIAL_PURPOSE };',
      },
    ],
    test: 'test/integration/llm/credentials.int-spec.ts',
    name: 'are of one tenant: another’s are like none',
  },
  {
    attack: 'a bit turned in a sealed value',
    edits: [
      {
        file: 'src/platform/secrets/secret-box.ts',
        from: 'Buffer.concat([decipher.update(bytes.subarray(HEADER_BYTES)), decipher.final()]).toString',
        to: 'decipher.update(bytes.subarray(HEADER_BYTES)).toString',
      },
    ],
    test: 'src/platform/secrets/secret-box.spec.ts',
    name: 'any one bit changed',
  },
  {
    attack: 'a value of the earlier key, while the key is replaced',
    edits: [
      {
        file: 'src/platform/secrets/secret-box.ts',
        from: 'new Map(keys.map((key) => [',
        to: 'new Map(keys.slice(0, 1).map((key) => [',
      },
    ],
    test: 'test/integration/platform/sealed-values.int-spec.ts',
    name: 'go on where a killed run stopped',
  },
  {
    attack: 'replacing the key by a run that is killed, and then by another',
    edits: [
      {
        file: 'src/platform/sealed/reseal.ts',
        from: 'return box.seal(box.open(sealed, belongsTo), belongsTo);',
        to: "return box.seal(box.open(sealed, belongsTo), { ...belongsTo, purpose: belongsTo.purpose + '.anew' });",
      },
    ],
    test: 'test/integration/platform/sealed-values.int-spec.ts',
    name: 'go on where a killed run stopped',
  },
  {
    attack: 'a start with a key that does not open what is stored',
    edits: [
      {
        file: 'src/platform/sealed/openable.ts',
        from: 'if (found.length > 0) throw',
        to: 'if (found.length > columns.length) throw',
      },
    ],
    test: 'test/integration/platform/sealed-values.int-spec.ts',
    name: 'stop a start whose keys do not open them',
  },
  {
    attack: 'production without a key to seal with',
    edits: [
      {
        file: 'src/platform/config/cross-faults.ts',
        from: 'if (env.SECRETS_KEY === undefined) {',
        to: "if (env.SECRETS_KEY === '') {",
      },
    ],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'asks for keys and a real database in production',
  },
  {
    attack: 'production without a key to sign with',
    edits: [
      {
        file: 'src/platform/config/cross-faults.ts',
        from: 'if (env.JWT_PRIVATE_KEY === undefined) {',
        to: "if (env.JWT_PRIVATE_KEY === '') {",
      },
    ],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'asks for keys and a real database in production',
  },
  {
    attack: 'a signing key that can be factored',
    edits: [
      { file: 'src/platform/config/key-material.ts', from: 'const LEAST_BITS = 2048;', to: 'const LEAST_BITS = 512;' },
    ],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'refuses a signing key that is too short',
  },
  {
    attack: 'a sealing key that is too short',
    edits: [
      {
        file: 'src/platform/config/key-material.ts',
        from: 'key.length !== KEY_BYTES ||',
        to: 'key.length > KEY_BYTES ||',
      },
    ],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'that is too short',
  },
  {
    attack: 'the bypass of local development, in production',
    edits: [
      {
        file: 'src/platform/config/cross-faults.ts',
        from: `if (!env.AUTH_BYPASS) return;
  if (isProduction) {`,
        to: `if (!env.AUTH_BYPASS) return;
  if (isProduction && !loopbackOnly) {`,
      },
    ],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'refuses the bypass there',
  },
  {
    attack: 'figures for whoever asks',
    edits: [
      {
        file: 'src/auth/guards/authentication.guard.ts',
        from: "if (access.others === 'admitted') return this.admit(context, request);",
        to: 'return this.admit(context, request);',
      },
    ],
    test: 'test/integration/platform/operations.int-spec.ts',
    name: 'are for staff and for this machine',
  },
  {
    attack: 'figures for everybody who is signed in',
    edits: [
      {
        file: 'src/platform/http/permissions.ts',
        from: 'return isStaff(principal) && (principal.scopes',
        to: 'return (principal.scopes',
      },
    ],
    test: 'test/integration/platform/operations.int-spec.ts',
    name: 'are for staff and for this machine',
  },
  {
    attack: 'figures for a caller elsewhere, as if on this machine',
    edits: [
      {
        file: 'src/auth/guards/authentication.guard.ts',
        from: 'request.operator = !this.config.production || isCallFromThisMachine(request);',
        to: 'request.operator = !this.config.production || isCallFromThisMachine(request) || request.ip !== null;',
      },
    ],
    test: 'test/integration/platform/operations.int-spec.ts',
    name: 'are for staff and for this machine',
  },
  {
    attack: 'the whole health for whoever asks',
    edits: [
      {
        file: 'src/platform/health/health.controller.ts',
        from: 'return request.operator === true ? report : { status, overall };',
        to: 'return request.operator !== null ? report : { status, overall };',
      },
    ],
    test: 'test/integration/platform/operations.int-spec.ts',
    name: 'say no more than whether it works to everybody else',
  },
  {
    attack: 'the console’s source maps, in production',
    edits: [
      {
        file: 'src/pages.ts',
        from: 'if (config.production) app.use(withoutSourceMaps);',
        to: 'if (!config.production) app.use(withoutSourceMaps);',
      },
    ],
    test: 'src/pages.spec.ts',
    name: 'come without them in production',
  },
  {
    attack: 'the console’s source maps, by another spelling of the name',
    edits: [{ file: 'src/pages.ts', from: 'test(decoded(request.path))', to: 'test(request.path)' }],
    test: 'src/pages.spec.ts',
    name: 'come without them in production',
  },
  {
    attack: 'a sealing key of an example file',
    edits: [
      {
        file: 'src/platform/config/key-material.ts',
        from: 'if (isMadeUp(key)) throw',
        to: 'if (isMadeUp(key) && key.length === 0) throw',
      },
    ],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'of zeros',
  },
  {
    attack: 'a sealing key that counts up',
    edits: [{ file: 'src/platform/config/key-material.ts', from: 'new Set(steps).size < 12 ||', to: '' }],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'that counts up',
  },
  {
    attack: 'a sealing key made of words',
    edits: [
      {
        file: 'src/platform/config/key-material.ts',
        from: '|| key.every((byte) => byte >= 0x20 && byte < 0x7f);',
        to: ';',
      },
    ],
    test: 'src/platform/config/app-config.spec.ts',
    name: 'of words',
  },
  {
    attack: 'the documentation, in production',
    edits: [
      {
        file: 'src/platform/http/swagger.ts',
        from: 'if (config.production && !config.env.DOCS_PUBLIC) return;',
        to: '',
      },
    ],
    test: 'src/platform/http/swagger.spec.ts',
    name: 'is for nobody in production otherwise',
  },
  {
    attack: 'an archive with hashes and sealed values in it',
    edits: [
      {
        file: 'src/platform/database/tenant-tables.ts',
        from: '.filter(({ name, type }) => !UNREADABLE.test(type) && !SECRET.test(name))',
        to: '.filter(({ name, type }) => UNREADABLE.test(type) || !SECRET.test(type + name) || true)',
      },
    ],
    test: 'test/integration/admin/tenant-data.int-spec.ts',
    name: 'comes as one archive',
  },
  {
    attack: 'an archive with secrets that stand in settings',
    edits: [
      {
        file: 'src/admin/data/mask-secrets.ts',
        from: "return value.length <= 8 ? '…' : `…${value.slice(-4)}`;",
        to: 'return value;',
      },
    ],
    test: 'src/admin/data/mask-secrets.spec.ts',
    name: 'are their last four characters',
  },
  {
    attack: 'a secret in the audit log',
    edits: [
      {
        file: 'src/llm/credentials/credential.service.ts',
        from: 'details: { secret_replaced: secret !== null },',
        to: 'details: { secret_replaced: secret?.reveal() },',
      },
    ],
    test: 'test/integration/tenants/audit-log.int-spec.ts',
    name: 'never a secret',
  },
  {
    attack: 'a visitor’s token in the database',
    edits: [
      {
        file: 'src/widget/sessions/visitor-entrance.ts',
        from: 'tokenHash: token.hash });',
        to: 'tokenHash: Buffer.from(token.text) });',
      },
    ],
    test: 'test/e2e/canaries.e2e-spec.ts',
    name: 'stand nowhere',
  },
  {
    attack: 'a secret in the database that is not sealed',
    edits: [
      {
        file: 'src/platform/secrets/secret-box.ts',
        from: "Buffer.concat([cipher.update(text, 'utf8'), cipher.final()])",
        to: "Buffer.concat([cipher.update(text, 'utf8'), cipher.final(), Buffer.from(text)])",
      },
    ],
    test: 'src/platform/secrets/secret-box.spec.ts',
    name: 'opens what it sealed',
  },
  {
    attack: 'a token in the log, by the name of its field',
    edits: [
      {
        file: 'src/platform/logging/logger.ts',
        from: 'SECRET_KEYS.flatMap((key) =>',
        to: 'SECRET_KEYS.slice(0, 1).flatMap((key) =>',
      },
    ],
    test: 'src/platform/logging/logger.spec.ts',
    name: 'never has a value of',
  },
  {
    attack: 'what a statement was given, in the log with its error',
    edits: [
      {
        file: 'src/platform/logging/logger.ts',
        from: "if ('severity' in told || 'driverError' in told)",
        to: "if ('severity' in told && told['severity'] === null)",
      },
    ],
    test: 'src/platform/logging/logger.spec.ts',
    name: 'none of its values',
  },
  {
    attack: 'a token in the path, found in the log',
    edits: [
      {
        file: 'src/platform/http/request-log.ts',
        from: 'redactPath(request.path)',
        to: 'redactPath.name && request.path',
      },
    ],
    test: 'src/platform/http/request-log.spec.ts',
    name: 'leaves out the query',
  },
  {
    attack: 'a secret in the answer to a fault, outside production',
    edits: [
      {
        file: 'src/platform/http/problem.ts',
        from: 'debug: { message: scrubSecrets(message),',
        to: 'debug: { message,',
      },
    ],
    test: 'src/platform/http/problem.spec.ts',
    name: 'nothing secret elsewhere',
  },
  {
    attack: 'a provider that repeats its key when it refuses it',
    edits: [
      {
        file: 'src/llm/redaction.ts',
        from: "concealing([key ?? ''], { mask: '[key]', shortest: 1 })(text)",
        to: "concealing([''], { mask: key ?? '' })(text)",
      },
    ],
    test: 'src/llm/pure-parts.spec.ts',
    name: 'takes the key out of',
  },
  {
    attack: 'a provider that repeats its key half masked',
    edits: [{ file: 'src/llm/redaction.ts', from: ".replace(KEY_LIKE, '[key]')", to: '' }],
    test: 'src/llm/pure-parts.spec.ts',
    name: 'takes the key out of',
  },
  {
    attack: 'a provider’s own words, to whoever chats',
    edits: [
      {
        file: 'src/llm/llm.errors.ts',
        from: "message: 'Something went wrong. Please try again.',",
        to: 'message: fault.detail,',
      },
    ],
    test: 'src/llm/provider-connection.spec.ts',
    name: 'to another server or elsewhere on its own',
  },
  {
    attack: 'a provider that redirects, to get the key or the words elsewhere',
    edits: [
      {
        file: 'src/llm/provider-connection.ts',
        from: "import { Agent, type Dispatcher } from 'undici';",
        to: "import { Agent, type Dispatcher, interceptors } from 'undici';",
      },
      {
        file: 'src/llm/provider-connection.ts',
        from: `      pipelining: 1,
    });`,
        to: `      pipelining: 1,
    }).compose(interceptors.redirect({ maxRedirections: 3 })) as Agent;`,
      },
    ],
    test: 'src/llm/provider-connection.spec.ts',
    name: 'to another server or elsewhere on its own',
  },
  {
    attack: 'a secret that is repeated in an escape',
    edits: [{ file: 'src/platform/secrets/echoes.ts', from: 'const LAYERS = 3;', to: 'const LAYERS = 0;' }],
    test: 'src/platform/secrets/echoes.spec.ts',
    name: 'for a URL',
  },
  {
    attack: 'a secret that is repeated in an escape within an escape',
    edits: [{ file: 'src/platform/secrets/echoes.ts', from: 'const LAYERS = 3;', to: 'const LAYERS = 1;' }],
    test: 'src/platform/secrets/echoes.spec.ts',
    name: 'for JSON in JSON',
  },
  {
    attack: 'a secret that is repeated in base64 with something around it',
    edits: [
      {
        file: 'src/platform/secrets/echoes.ts',
        from: '...[0, 1, 2].map((before) => innerBase64(bytes, before))',
        to: '...[0].map((before) => innerBase64(bytes, before)).slice(1)',
      },
    ],
    test: 'src/platform/secrets/echoes.spec.ts',
    name: 'is taken out of the base64 of something longer',
  },
  {
    attack: 'a server that repeats a tool’s secret in its answer',
    edits: [
      {
        file: 'src/tools/http.tool.ts',
        from: "const text = conceal(answer.body.toString('utf8'));",
        to: "const text = answer.body.toString('utf8');",
      },
    ],
    test: 'src/tools/http.tool.spec.ts',
    name: 'repeats it as a number',
  },
  {
    attack: 'a server that repeats a tool’s secret with invisible characters in it',
    edits: [
      {
        file: 'src/tools/tool-text.ts',
        from: 'const clean = conceal(visible);',
        to: 'const clean = visible;',
      },
    ],
    test: 'src/tools/http.tool.spec.ts',
    name: 'with invisible characters in it',
  },
  {
    attack: 'a server that repeats a secret among its models, when it is tested',
    edits: [
      {
        file: 'src/llm/credentials/credential.tester.ts',
        from: 'map(({ id }) => conceal(id))',
        to: 'map(({ id }) => (conceal === null ? conceal : id))',
      },
    ],
    test: 'test/integration/llm/credentials.int-spec.ts',
    name: 'are not shown by a test whose other side repeats them',
  },
  {
    attack: 'a server that sends the test of a secret on to another path',
    edits: [
      {
        file: 'src/llm/credentials/credential.tester.ts',
        from: 'confined: { headers: Object.keys(access.headers), covers: access.covers },',
        to: '',
      },
    ],
    test: 'test/integration/llm/credentials.int-spec.ts',
    name: 'stay where their address covers it when a test is sent elsewhere',
  },
  {
    attack: 'a server that sends the test of a secret on to another server',
    edits: [
      {
        file: 'src/platform/outbound/request-headers.ts',
        from: 'filter(([name]) => HARMLESS.has(name))',
        to: "filter(([name]) => HARMLESS.has(name) || name !== '')",
      },
      {
        file: 'src/llm/credentials/credential.tester.ts',
        from: 'covers: access.covers },',
        to: "covers: (to: string) => access.covers(to) || !to.includes('127.0.0.1') },",
      },
    ],
    test: 'test/integration/llm/credentials.int-spec.ts',
    name: 'stay where their address covers it when a test is sent elsewhere',
  },
  {
    attack: 'a credential given another address by whoever may not read it',
    edits: [
      {
        file: 'src/llm/credentials/credential.service.ts',
        from: 'if (secret === null && !covers(credential, draft.baseUrl)) {',
        to: "if (secret === null && draft.baseUrl === '') {",
      },
    ],
    test: 'test/integration/llm/credentials.int-spec.ts',
    name: 'go to another address only with the secret again',
  },
];
