/** What a tenant does not have, or cannot pay.
 * @type {readonly import('./index.mjs').Defence[]} */
export default [
  {
    attack: 'what belongs to a feature that the operator has not enabled is made all the same',
    edits: [
      {
        file: 'src/auth/guards/feature.guard.ts',
        from: 'if (feature !== undefined && user !== undefined) await this.features.assertEnabled(user.ctx, feature);',
        to: 'void [feature, user, this.features];',
      },
    ],
    test: 'test/integration/tenants/features.int-spec.ts',
    name: 'what is there can be read and deleted, and nothing else',
  },
  {
    attack: 'whoever came in by a feature goes on when it is taken away',
    edits: [
      {
        file: 'src/auth/sessions/session.service.ts',
        from: 'if (row.cameBy !== null) await this.features.assertEnabled(ctx, row.cameBy);',
        to: 'void this.features;',
      },
    ],
    test: 'test/integration/tenants/features.int-spec.ts',
    name: 'whoever came in by it is refused, on every instance and socket',
  },
  {
    attack: 'embeddings are bought with a budget of nothing, outside of turns',
    edits: [
      {
        file: 'src/tenants/limits/spending-limits.ts',
        from: 'if (hasBudget(ceilings)) await this.reserveBudget(scope, ceilings, { id, usd });',
        to: 'void [ceilings, id];',
      },
    ],
    test: 'test/integration/rag/budget.int-spec.ts',
    name: 'asks no provider with a',
  },
  {
    attack: 'documents taken in side by side each spend what is left of a budget',
    edits: [
      {
        file: 'src/rag/ingestion/ingest-document.job.ts',
        from: 'await this.hold(document, { id, usd }, signal);\n      // A provider',
        to: '// A provider',
      },
    ],
    test: 'test/integration/rag/budget.int-spec.ts',
    name: 'holds what a batch may cost while it is embedded, also when that fails',
  },
  {
    attack: 'one user takes all of a minute’s tokens',
    edits: [
      {
        file: 'src/tenants/limits/token-limiter.ts',
        from: "    { of: 'user', key: `${tenantId}/${principal.id}`, limit: userTokensPerMinute },",
        to: "    { of: 'user', key: `${tenantId}/${principal.id}`, limit: 0 * userTokensPerMinute },",
      },
    ],
    test: 'test/integration/tenants/spending.int-spec.ts',
    name: 'is each one’s own, beside the tenant’s',
  },
];
