import type { TenantScope } from '#platform/context';
import { InvalidInputError } from '#platform/errors';
import { OutboundClient, OutboundError, type OutboundResponse, TenantAllowList } from '#platform/outbound';
import { Injectable } from '@nestjs/common';
import { z } from 'zod';
import type { Access, Credential, CredentialDraft } from './credential.js';
import { CredentialRepository } from './credential.repository.js';
import { CredentialService } from './credential.service.js';

const TEST_MS = 10_000;
const MOST_MODELS = 500;
const MODELS = z.object({ data: z.array(z.object({ id: z.string().max(200) })) });

export interface CredentialTest {
  readonly ok: boolean;
  /** In words, without the secret; null when it worked. */
  readonly error: string | null;
  /** What the key of a provider may use. */
  readonly models: readonly string[];
}

/**
 * Asks the other side whether it lets us in: a provider for its models, any other server for the base URL. What it says is
 * not repeated, since it may echo the secret.
 */
@Injectable()
export class CredentialTester {
  constructor(
    private readonly credentials: CredentialService,
    private readonly rows: CredentialRepository,
    private readonly outbound: OutboundClient,
    private readonly allowList: TenantAllowList,
  ) {}

  /** @throws InvalidInputError when the address, or the header, may not be used at all; asks nobody */
  assertReachable(scope: TenantScope, draft: CredentialDraft): void {
    try {
      this.outbound.checkUrl(draft.baseUrl, this.allowList.for(scope.tenantId));
      if (draft.header !== null) this.outbound.checkHeaders({ [draft.header]: '' });
    } catch (error) {
      if (error instanceof OutboundError) throw new InvalidInputError(error.message, { field: 'base_url' });
      throw error;
    }
  }

  /** @throws NotFoundError */
  async test(scope: TenantScope, id: string): Promise<CredentialTest> {
    const { credential } = await this.credentials.get(scope, id);
    const found = await this.ask(scope, credential);
    await this.rows.setTested(scope, id, found.error);
    return found;
  }

  private async ask(scope: TenantScope, credential: Credential): Promise<CredentialTest> {
    const url =
      credential.kind === 'provider' ? `${credential.baseUrl.replace(/\/+$/, '')}/models` : credential.baseUrl;
    const access = await this.credentials.access(scope, credential.id, url);
    if (typeof access === 'string') return failed('The stored secret cannot be opened: send it again.');
    try {
      const answer = await this.outbound.request({
        url: withQuery(url, access),
        headers: { accept: 'application/json', ...access.headers },
        allow: this.allowList.for(scope.tenantId),
        timeoutMs: TEST_MS,
        confined: { headers: Object.keys(access.headers), covers: access.covers },
      });
      return credential.kind === 'provider' ? ofProvider(answer, access) : ofServer(answer);
    } catch (error) {
      if (error instanceof OutboundError) return failed(error.message);
      throw error;
    }
  }
}

/** @returns the URL with the credential's query parameter */
export function withQuery(url: string, { query }: Access): string {
  const target = new URL(url);
  for (const [name, value] of Object.entries(query)) target.searchParams.set(name, value);
  return target.href;
}

function ofProvider(answer: OutboundResponse, { conceal }: Access): CredentialTest {
  const refused = ofServer(answer);
  if (!refused.ok) return refused;
  if (answer.status >= 400) return failed(`The provider answered with status ${answer.status}.`);
  try {
    const { data } = MODELS.parse(JSON.parse(answer.body.toString('utf8')));
    return { ok: true, error: null, models: data.slice(0, MOST_MODELS).map(({ id }) => conceal(id)) };
  } catch {
    return failed('The address does not answer as a model provider does: check base_url.');
  }
}

/** A base URL need not be a page, so that it is not found says nothing against the secret. */
function ofServer({ status }: OutboundResponse): CredentialTest {
  if (status === 401 || status === 403) return failed('The server refused the secret: check it and its rights.');
  if (status >= 500) return failed(`The server has a problem (status ${status}): try again later.`);
  return { ok: true, error: null, models: [] };
}

function failed(error: string): CredentialTest {
  return { ok: false, error, models: [] };
}
