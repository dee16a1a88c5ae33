/**
 * The process's settings: read once from the environment (and `.env`), checked by one zod schema, frozen. The only place
 * that reads `process.env`; everything else takes `AppConfig` by injection.
 */
export { AppConfig, ConfigError, environment, type LlmProvider, loadConfig } from './app-config.js';
export { OWN_KEY_FAULT } from './cross-faults.js';
export { ConfigModule } from './config.module.js';
export { readPrivateKey, readPublicKey, readPublicKeys, readSecretsKey, readSecretsKeys } from './key-material.js';
export { UNSERVED } from './unserved.js';
