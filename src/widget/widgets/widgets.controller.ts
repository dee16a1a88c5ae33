import type { RequestContext } from '#platform/context';
import {
  AdminResource,
  assertIfMatch,
  Changes,
  Commands,
  Ctx,
  Deletes,
  Id,
  IfMatch,
  type ListQuery,
  listQuery,
  Lists,
  Makes,
  type Page,
  pageById,
  Reads,
  RequireFeature,
} from '#platform/http';
import { Body, Header, Query } from '@nestjs/common';
import {
  type CreateWidgetBody,
  createWidgetBody,
  type PatchWidgetBody,
  patchWidgetBody,
  toDraft,
  toWidgetResponse,
  type WidgetResponse,
  widgetResponse,
  type WidgetWithSecretResponse,
  widgetWithSecretResponse,
  withChange,
} from './widget.dto.js';
import { WidgetService, type WidgetWithSecret } from './widget.service.js';

@AdminResource('widgets', 'widgets.manage')
export class WidgetsController {
  constructor(private readonly widgets: WidgetService) {}

  @Lists('List widgets, newest first', widgetResponse)
  async list(
    @Ctx() ctx: RequestContext,
    @Query({ schema: listQuery }) query: ListQuery,
  ): Promise<Page<WidgetResponse>> {
    return pageById(ctx, query, {
      load: (before, limit) => this.widgets.list(ctx, before, limit),
      map: toWidgetResponse,
      idOf: (widget) => widget.id,
    });
  }

  /** Its `public_key` goes into the page; its `secret` stays on the site's server, which signs identities with it. */
  @Makes('Make a widget for a website; its secret is shown here and never again', widgetWithSecretResponse, {
    shownOnce: ['secret'],
  })
  @Header('Cache-Control', 'no-store')
  @RequireFeature('widgets')
  async create(
    @Ctx() ctx: RequestContext,
    @Body({ schema: createWidgetBody }) body: CreateWidgetBody,
  ): Promise<WidgetWithSecretResponse> {
    return withSecret(await this.widgets.create(ctx, toDraft(body)));
  }

  @Reads('Read a widget', widgetResponse)
  async get(@Ctx() ctx: RequestContext, @Id() id: string): Promise<WidgetResponse> {
    return toWidgetResponse(await this.widgets.get(ctx, id));
  }

  @Changes('Change a widget; whoever is using it is asked to come in again where that matters', widgetResponse)
  @RequireFeature('widgets')
  async patch(
    @Ctx() ctx: RequestContext,
    @Id() id: string,
    @Body({ schema: patchWidgetBody }) body: PatchWidgetBody,
    @IfMatch() ifMatch: string | undefined,
  ): Promise<WidgetResponse> {
    const updated = await this.widgets.update(ctx, id, (current) => {
      assertIfMatch(ifMatch, toWidgetResponse(current));
      return withChange(current, body);
    });
    return toWidgetResponse(updated);
  }

  @Commands(
    'rotate-secret',
    'Replace the secret; what the earlier one signs is refused at once',
    widgetWithSecretResponse,
  )
  @Header('Cache-Control', 'no-store')
  @RequireFeature('widgets')
  async rotateSecret(@Ctx() ctx: RequestContext, @Id() id: string): Promise<WidgetWithSecretResponse> {
    return withSecret(await this.widgets.rotateSecret(ctx, id));
  }

  @Deletes('Delete a widget; conversations that began in it stay')
  async delete(@Ctx() ctx: RequestContext, @Id() id: string): Promise<void> {
    await this.widgets.delete(ctx, id);
  }
}

function withSecret({ secret, widget }: WidgetWithSecret): WidgetWithSecretResponse {
  return { ...toWidgetResponse(widget), secret: secret.reveal() };
}
