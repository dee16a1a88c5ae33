import { type DynamicModule, Module } from '@nestjs/common';
import { AdminModule } from '#admin';
import { AuthModule } from '#auth';
import { ChannelsModule } from '#channels';
import { ConversationsModule } from '#conversations';
import { DemoModule, DemoShopModule } from '#demo';
import { EscalationsModule } from '#escalations';
import { BusModule } from '#platform/bus';
import { AppConfig, ConfigModule } from '#platform/config';
import { DatabaseModule, type LoginPolicy } from '#platform/database';
import { EventsModule } from '#platform/events';
import { HealthModule } from '#platform/health';
import { HttpModule } from '#platform/http';
import { LimitsModule } from '#platform/limits';
import { type Logger, LoggingModule } from '#platform/logging';
import { MailModule } from '#platform/mail';
import { OutboundModule } from '#platform/outbound';
import { OutboxModule } from '#platform/outbox';
import { QueueModule } from '#platform/queue';
import { RedisModule } from '#platform/redis';
import { SecretsModule } from '#platform/secrets';
import { RagModule } from '#rag';
import { TenantsModule } from '#tenants';
import { WebhooksModule } from '#webhooks';
import { WidgetModule } from '#widget';
import type { DataSource } from 'typeorm';

/**
 * The composition. Fixed paths stand before those with `{tenant}`: Express takes the first route that fits.
 */
@Module({})
export class AppModule {
  static forRoot(parts: {
    config: AppConfig;
    logger: Logger;
    dataSource: DataSource;
    databaseUrl: string;
    /** Of the user in `databaseUrl`. */
    databaseLogin: LoginPolicy;
  }): DynamicModule {
    return {
      module: AppModule,
      imports: [
        ConfigModule.forRoot(parts.config),
        LoggingModule.forRoot(parts.logger),
        DatabaseModule.forRoot(parts.dataSource),
        EventsModule,
        RedisModule.forRoot(parts.config),
        BusModule.forRoot(parts.config),
        LimitsModule,
        SecretsModule,
        MailModule,
        OutboundModule,
        OutboxModule,
        QueueModule.forRoot(parts.databaseUrl, parts.databaseLogin),
        HttpModule,
        HealthModule,
        TenantsModule,
        AuthModule,
        WidgetModule,
        WebhooksModule,
        AdminModule,
        RagModule,
        DemoModule,
        DemoShopModule,
        ChannelsModule,
        EscalationsModule,
        ConversationsModule,
      ],
    };
  }
}
