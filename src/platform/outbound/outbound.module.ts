import { AppConfig } from '#platform/config';
import { Global, Module } from '@nestjs/common';
import { OutboundClient } from './outbound.client.js';
import { TenantAllowList } from './tenant-allow-list.js';

/** Gives everyone the same client. After listening, tell it the server's port: `client.denyOwnPort(port)`. */
@Global()
@Module({
  providers: [
    TenantAllowList,
    {
      provide: OutboundClient,
      inject: [AppConfig],
      useFactory: ({ env }: AppConfig) =>
        new OutboundClient({
          allow: env.OUTBOUND_ALLOW,
          ownPorts: env.PORT === 0 ? [] : [env.PORT],
          userAgent: 'switchboard',
        }),
    },
  ],
  exports: [OutboundClient, TenantAllowList],
})
export class OutboundModule {}
