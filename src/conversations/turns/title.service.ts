import { storable } from '#platform/text';
import { Inject, Injectable, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { recordUsage, titleFromQuestion, TitleWriter, type UsageRow, usageRow } from '#agents';
import type { RequestContext } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { QuotaExceededError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { SpendingLimits } from '#tenants';
import { PartyNews } from '../live/party-news.js';

const TITLE_TIMEOUT_MS = 15_000;

export interface TitledExchange {
  readonly conversationId: string;
  /** The turn that the title's cost is put down to. */
  readonly turnId?: string;
  readonly question: string;
  readonly answer: string;
}

/**
 * Gives a conversation a title of its own after its first answer, off the turn's path; losing one is harmless. One that the tenant's
 * budget has nothing left for is not paid: then the question's own words are the title.
 */
@Injectable()
export class TitleService implements OnApplicationShutdown {
  private readonly stopped = new AbortController();
  private readonly pending = new Set<Promise<void>>();

  constructor(
    private readonly uow: UnitOfWork,
    private readonly writer: TitleWriter,
    private readonly spending: SpendingLimits,
    @Inject(LOGGER) private readonly logger: Logger,
    @Optional() private readonly parties?: PartyNews,
  ) {}

  /** Returns at once. A title that the user chose meanwhile stays. */
  write(ctx: RequestContext, exchange: TitledExchange): void {
    const work = this.writeNow(ctx, exchange).catch((error: unknown) => {
      if (!this.stopped.signal.aborted)
        this.logger.warn({ err: error, conversation: exchange.conversationId }, 'no title written');
    });
    this.pending.add(work);
    void work.finally(() => this.pending.delete(work));
  }

  async onApplicationShutdown(): Promise<void> {
    this.stopped.abort();
    await Promise.all(this.pending);
  }

  private async writeNow(ctx: RequestContext, exchange: TitledExchange): Promise<void> {
    const signal = AbortSignal.any([this.stopped.signal, AbortSignal.timeout(TITLE_TIMEOUT_MS)]);
    const usd = await this.writer.reckon(ctx, exchange);
    const title = await this.spending
      .within(ctx, usd, () => this.paid(ctx, exchange, signal))
      .catch((error: unknown) => {
        if (error instanceof QuotaExceededError) return titleFromQuestion(exchange.question);
        throw error;
      });
    if (title === '') return;
    await this.uow.query(
      ctx,
      `UPDATE app.conversation SET title = $3, title_source = 'automatic'
        WHERE tenant_id = $1 AND id = $2 AND title_source = 'default'`,
      [ctx.tenantId, exchange.conversationId, storable(title)],
    );
    await this.parties?.announce(ctx, exchange.conversationId);
  }

  private async paid(ctx: RequestContext, exchange: TitledExchange, signal: AbortSignal): Promise<string> {
    const usage: UsageRow[] = [];
    try {
      return await this.writer.title(ctx, exchange, signal, (entry) => usage.push(usageRow(entry)));
    } finally {
      // A model that failed, or that the shutdown cut off, is paid as well. The title does not hang on it.
      await this.record(ctx, exchange, usage);
    }
  }

  private async record(ctx: RequestContext, exchange: TitledExchange, usage: readonly UsageRow[]): Promise<void> {
    const account = { tenantId: ctx.tenantId, turnId: exchange.turnId ?? null, principalId: ctx.principal.id };
    await recordUsage(this.uow, account, usage).catch((err: unknown) => {
      this.logger.error({ err, conversation: exchange.conversationId, usage }, 'a usage was not written down');
    });
  }
}
