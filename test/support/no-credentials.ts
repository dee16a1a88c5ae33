import type { CredentialService } from '#llm';

/** For tools that name no credential. */
export const NO_CREDENTIALS = { access: () => Promise.resolve('missing') } as unknown as CredentialService;
