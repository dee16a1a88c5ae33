/** @type {readonly import('./index.mjs').Defence[]} */
export default [
  {
    attack: 'a token signed by another algorithm',
    edits: [
      {
        file: 'src/auth/tokens/token-keys.ts',
        from: "algorithms: ['RS256'],",
        to: "algorithms: ['RS256', 'RS512'] as 'RS256'[],",
      },
    ],
    test: 'test/integration/auth/tokens.int-spec.ts',
    name: 'RS512 with our key',
  },
];
