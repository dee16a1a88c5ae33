import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type AppConfig, readPublicKeys, readSecretsKey, readSecretsKeys } from '#platform/config';
import { readOrCreateSecretFile } from './secret-file.js';
import { SecretBox } from './secret-box.js';
import { SigningKey, VerifyingKey } from './signing-key.js';

/**
 * From SECRETS_KEY, else from DATA_DIR/secrets-key (made on first use; production requires the variable). What
 * SECRETS_KEY_PREVIOUS holds still opens.
 */
export function openSecretBox(config: AppConfig): SecretBox {
  const { SECRETS_KEY, SECRETS_KEY_PREVIOUS } = config.env;
  const text =
    SECRETS_KEY ??
    readOrCreateSecretFile(join(config.dataDir, 'secrets-key'), () => `${randomBytes(32).toString('base64')}\n`);
  try {
    return new SecretBox([readSecretsKey(text), ...readSecretsKeys(SECRETS_KEY_PREVIOUS ?? '')]);
  } catch (error) {
    // The configuration has read the variable already, but not the file.
    const file = join(config.dataDir, 'secrets-key');
    throw new Error(`SECRETS_KEY (${file}): ${error instanceof Error ? error.message : 'is not readable'}`);
  }
}

/** From JWT_PRIVATE_KEY, else from DATA_DIR/jwt-key.pem (made on first use; production requires the variable). */
export function openSigningKey(config: AppConfig): SigningKey {
  return SigningKey.fromPem(
    config.env.JWT_PRIVATE_KEY ?? readOrCreateSecretFile(join(config.dataDir, 'jwt-key.pem'), newRsaKey),
  );
}

/** From JWT_PREVIOUS_PUBLIC_KEYS: they sign no more, and what they signed is still valid. */
export function openPreviousKeys(config: AppConfig): VerifyingKey[] {
  const { JWT_PREVIOUS_PUBLIC_KEYS } = config.env;
  if (JWT_PREVIOUS_PUBLIC_KEYS === undefined) return [];
  return readPublicKeys(JWT_PREVIOUS_PUBLIC_KEYS).map((key) => new VerifyingKey(key));
}

function newRsaKey(): string {
  return generateKeyPairSync('rsa', { modulusLength: 2048 })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}
