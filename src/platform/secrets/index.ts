/**
 * Secrets at rest and in memory. `SecretBox` seals a value for one row of one tenant and one purpose; `SecretString` holds
 * an opened one without printing or serialising it; `concealing` takes it out of what others say; `SigningKey` signs access
 * tokens. The keys come from the environment,
 * or outside production from files in DATA_DIR that are made once. Nothing here reads the database.
 */
export { SecretString } from './secret-string.js';
export { concealing, type Concealer, type ConcealOptions } from './echoes.js';
export { SealedValueError, SecretBox, type SealedFor } from './secret-box.js';
export { SigningKey, VerifyingKey } from './signing-key.js';
export { openPreviousKeys, openSecretBox, openSigningKey } from './keys.js';
export { readOrCreateSecretFile } from './secret-file.js';
export { SecretsModule } from './secrets.module.js';
