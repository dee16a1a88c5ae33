import { type Concealer, concealing, type SecretString } from '#platform/secrets';

/** `provider`: a key of a model provider. The others go with a tool's requests: as a header or query parameter, or as HTTP Basic. */
export const CREDENTIAL_KINDS = ['provider', 'header', 'basic'] as const;
export type CredentialKind = (typeof CREDENTIAL_KINDS)[number];

/** Providers whose keys this version can use, with the address that a key goes to unless it names another. */
export const PROVIDER_URLS = {
  openai: 'https://api.openai.com/v1',
  groq: 'https://api.groq.com/openai/v1',
} as const;
export type CredentialProvider = keyof typeof PROVIDER_URLS;

/** All of a credential that may be shown; the secret itself is shown to nobody. */
export interface Credential {
  readonly id: string;
  readonly name: string;
  readonly kind: CredentialKind;
  readonly provider: CredentialProvider | null;
  /** Requests to this origin, at or below its path, may carry the secret; no other address ever gets it. */
  readonly baseUrl: string;
  /** Kind `header`: where it goes, one of the two; `scheme` stands before it: `Bearer`. */
  readonly header: string | null;
  readonly query: string | null;
  readonly scheme: string | null;
  /** Kind `basic`. */
  readonly username: string | null;
  /** Of the secret; empty when it is too short to show any of it. */
  readonly last4: string;
  readonly testedAt: Date | null;
  /** What the last test found; null: it worked, or there was none. */
  readonly testError: string | null;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}

export type CredentialDraft = Pick<
  Credential,
  'name' | 'kind' | 'provider' | 'baseUrl' | 'header' | 'query' | 'scheme' | 'username'
>;

/** What a request must have to be let in. */
export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Takes the secret out of what the other side says, should it repeat it. */
  readonly conceal: Concealer;
  /** Whether another address may get it, for redirects. */
  readonly covers: (url: string) => boolean;
}

export function accessOf(credential: CredentialDraft, secret: SecretString): Access {
  const value = secret.reveal();
  const sent = sentWith(credential, value);
  // Of `Basic dXNlcjpzZWNyZXQ=` the second word.
  const said = [...Object.values(sent.headers), ...Object.values(sent.query)].map((text) => text.replace(/^\S* /, ''));
  return { ...sent, conceal: concealing([value, ...said]), covers: (url) => covers(credential, url) };
}

function sentWith(credential: CredentialDraft, value: string): Pick<Access, 'headers' | 'query'> {
  switch (credential.kind) {
    case 'provider':
      return { headers: { authorization: `Bearer ${value}` }, query: {} };
    case 'basic': {
      const pair = Buffer.from(`${credential.username ?? ''}:${value}`, 'utf8').toString('base64');
      return { headers: { authorization: `Basic ${pair}` }, query: {} };
    }
    case 'header': {
      if (credential.query !== null) return { headers: {}, query: { [credential.query]: value } };
      const said = credential.scheme === null ? value : `${credential.scheme} ${value}`;
      return { headers: { [(credential.header ?? 'authorization').toLowerCase()]: said }, query: {} };
    }
  }
}

/** Whether a request to `url` may carry it. A path of the base URL ends at a segment: `/v1` does not cover `/v1beta`. */
export function covers(credential: Pick<Credential, 'baseUrl'>, url: string): boolean {
  if (!URL.canParse(url)) return false;
  const [base, target] = [new URL(credential.baseUrl), new URL(url)];
  const path = base.pathname.replace(/\/+$/, '');
  return base.origin === target.origin && (target.pathname === path || target.pathname.startsWith(`${path}/`));
}
