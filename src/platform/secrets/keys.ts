import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { AppConfig } from '#platform/config';
import { readOrCreateSecretFile } from './secret-file.js';
import { SecretBox } from './secret-box.js';
import { SigningKey } from './signing-key.js';

/** From SECRETS_KEY, else from DATA_DIR/secrets-key (made on first use; production requires the variable). */
export function openSecretBox(config: AppConfig): SecretBox {
  const text =
    config.env.SECRETS_KEY ??
    readOrCreateSecretFile(join(config.dataDir, 'secrets-key'), () => `${randomBytes(32).toString('base64')}\n`);
  const key = Buffer.from(text.trim(), 'base64');
  // A placeholder such as AAAA… or 0123… from an example file protects nothing.
  if (new Set(key).size < 12) throw new Error('SECRETS_KEY: is not random; make one with: openssl rand -base64 32');
  return new SecretBox([key]);
}

/** From JWT_PRIVATE_KEY, else from DATA_DIR/jwt-key.pem (made on first use; production requires the variable). */
export function openSigningKey(config: AppConfig): SigningKey {
  return SigningKey.fromPem(
    config.env.JWT_PRIVATE_KEY ?? readOrCreateSecretFile(join(config.dataDir, 'jwt-key.pem'), newRsaKey),
  );
}

function newRsaKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
