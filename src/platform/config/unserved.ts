/**
 * Variables of the contract (PROTOCOL §7) that this version does not serve, each with what holds instead. Whoever serves one
 * takes it out of here and into the schema; a test compares the two. A name that ends in * stands for all that begin so.
 */
export const UNSERVED: Readonly<Record<string, string>> = {
  DATABASE_REPLICA_URLS: 'everything is read from DATABASE_URL',
  ANTHROPIC_API_KEY: 'reach Anthropic by a server that speaks the OpenAI protocol: OPENAI_BASE_URL',
  GOOGLE_API_KEY: 'reach Google by its OpenAI-compatible address: OPENAI_BASE_URL',
  'OTEL_*': 'the server sends no traces; /metrics has its figures',
};

/** @returns a line for each variable that is set and does nothing */
export function unservedIn(given: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(given)
    .flatMap((name) => {
      const known = Object.entries(UNSERVED).find(([pattern]) =>
        pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : pattern === name,
      );
      return known === undefined ? [] : [`${name}: is not served by this version (${known[1]})`];
    })
    .sort();
}
