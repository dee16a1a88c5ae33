import { AuthModule } from '#auth';
import { TenantsModule } from '#tenants';
import { WidgetModule } from '#widget';
import { Module } from '@nestjs/common';
import { DemoModule } from './demo.module.js';
import { DemoShop } from './shop/demo-shop.js';

/** Apart from the seed, which needs nothing of what the shop's page needs. */
@Module({ imports: [AuthModule, DemoModule, TenantsModule, WidgetModule], providers: [DemoShop], exports: [DemoShop] })
export class DemoShopModule {}
