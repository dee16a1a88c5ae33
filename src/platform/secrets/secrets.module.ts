import { Global, Module } from '@nestjs/common';
import { AppConfig } from '#platform/config';
import { openSecretBox, openSigningKey } from './keys.js';
import { SecretBox } from './secret-box.js';
import { SigningKey } from './signing-key.js';

@Global()
@Module({
  providers: [
    { provide: SecretBox, useFactory: openSecretBox, inject: [AppConfig] },
    { provide: SigningKey, useFactory: openSigningKey, inject: [AppConfig] },
  ],
  exports: [SecretBox, SigningKey],
})
export class SecretsModule {}
