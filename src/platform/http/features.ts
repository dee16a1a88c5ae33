/**
 * What an operator may sell separately: parts of the product that the rest works without. A tenant has all of them unless its
 * entitlements name those that it has.
 */
export const FEATURES = [
  'api_keys', // access for the tenant's programs
  'credentials', // secrets of other servers, which tools send along
  'end_user_tokens', // the tenant's own server signs its users in
  'knowledge', // knowledge bases, their documents, and the agents that answer from them
  'trusted_issuers', // tokens of another issuer are taken
  'webhooks', // the tenant's own servers are told what happens
  'widgets', // chat on websites
] as const;
export type Feature = (typeof FEATURES)[number];
