import { AppConfig } from '#platform/config';
import { OutboundClient, OutboundError } from '#platform/outbound';
import { Injectable } from '@nestjs/common';
import { TokenKeys } from '../tokens/token-keys.js';
import { InstallationIssuer } from './installation-issuer.js';
import { readPublicKey } from './public-key.js';
import { IssuerKeyError } from './trusted-issuer.errors.js';
import type { IssuerInput } from './trusted-issuer.js';

/** What can be said of an issuer without asking it. */
@Injectable()
export class IssuerCheck {
  constructor(
    private readonly config: AppConfig,
    private readonly ownKeys: TokenKeys,
    private readonly installation: InstallationIssuer,
    private readonly outbound: OutboundClient,
  ) {}

  /**
   * @returns the input with its key as it is stored
   * @throws IssuerKeyError
   */
  accept(input: IssuerInput): IssuerInput {
    if (input.issuer === this.ownKeys.issuer || this.installation.issues(input.issuer)) {
      throw new IssuerKeyError('issuer', 'is this server’s own; name the one that signs your tokens');
    }
    if ((input.jwksUrl === null) === (input.publicKey === null)) {
      throw new IssuerKeyError('jwks_url', 'give either this or public_key');
    }
    if (input.publicKey !== null) return { ...input, publicKey: acceptKey(input.publicKey, input) };
    this.acceptUrl(input.jwksUrl ?? '');
    return input;
  }

  private acceptUrl(url: string): void {
    try {
      this.outbound.checkUrl(url);
    } catch (error) {
      if (error instanceof OutboundError) throw new IssuerKeyError('jwks_url', error.message);
      throw error;
    }
    const { host, protocol } = new URL(url);
    // Who can change the keys on their way can sign; inside, the operator has said that the way is his.
    if (protocol === 'https:' || this.config.env.OUTBOUND_ALLOW.includes(host)) return;
    throw new IssuerKeyError('jwks_url', 'must begin with https://');
  }
}

function acceptKey(pem: string, { algorithms }: IssuerInput): string {
  const key = readPublicKey(pem);
  if (key === null) {
    const what = 'must be a public key in PEM: RSA of at least 2048 bits, P-256 or Ed25519; never a private one';
    throw new IssuerKeyError('public_key', what);
  }
  if (algorithms.length !== 1 || algorithms[0] !== key.algorithm) {
    throw new IssuerKeyError('algorithms', `must be ["${key.algorithm}"] with this key`);
  }
  return key.pem;
}
