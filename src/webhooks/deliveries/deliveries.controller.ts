import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  Commands,
  Ctx,
  Id,
  idSchema,
  pageById,
  type Page,
  pageSchema,
  RequireFeature,
} from '#platform/http';
import { Get, Param, Query } from '@nestjs/common';
import { ApiOkResponse, ApiOperation } from '@nestjs/swagger';
import {
  type DeliveryResponse,
  deliveryResponse,
  type ListDeliveriesQuery,
  listDeliveriesQuery,
  toDeliveryResponse,
} from './delivery.dto.js';
import { DeliveryService } from './delivery.service.js';

const DeliveryId = (): ParameterDecorator => Param('delivery_id', { schema: idSchema });

@AdminResource('webhooks', 'webhooks.manage')
export class DeliveriesController {
  constructor(private readonly deliveries: DeliveryService) {}

  @ApiOperation({ summary: 'List what was sent to a webhook in the last 30 days, newest first' })
  @Get(':id/deliveries')
  @ApiOkResponse({ standardSchema: pageSchema(deliveryResponse) })
  async list(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Query({ schema: listDeliveriesQuery }) query: ListDeliveriesQuery,
  ): Promise<Page<DeliveryResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.deliveries.list(ctx, id, { before, limit, status: query.status ?? null }),
      map: toDeliveryResponse,
      idOf: (delivery) => delivery.id,
    });
  }

  @ApiOperation({ summary: 'Read a delivery: what became of it, and when it is tried again' })
  @Get(':id/deliveries/:delivery_id')
  @ApiOkResponse({ standardSchema: deliveryResponse })
  async get(@Ctx() ctx: RequestContext, @Id() id: string, @DeliveryId() deliveryId: string): Promise<DeliveryResponse> {
    return toDeliveryResponse(await this.deliveries.get(ctx, id, deliveryId));
  }

  @Commands(
    'deliveries/:delivery_id/redeliver',
    'Send the same event once more; answers with the new delivery',
    deliveryResponse,
  )
  @RequireFeature('webhooks')
  async redeliver(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @DeliveryId() deliveryId: string,
  ): Promise<DeliveryResponse> {
    return toDeliveryResponse(await this.deliveries.redeliver(ctx, id, deliveryId));
  }

  @Commands('test', 'Send a test event now and see what the server answers', deliveryResponse)
  @RequireFeature('webhooks')
  async test(@Ctx() ctx: RequestContext, @Id() id: string): Promise<DeliveryResponse> {
    return toDeliveryResponse(await this.deliveries.test(ctx, id));
  }
}
