import type { TenantScope } from '#platform/context';
import { UnitOfWork } from '#platform/database';
import { OutboundClient, OutboundError, type OutboundResponse, TenantAllowList } from '#platform/outbound';
import { Features, SYSTEM_ACTOR } from '#tenants';
import { Injectable } from '@nestjs/common';
import { WebhookSecrets } from '../webhooks/webhook-secrets.js';
import { WebhookRepository } from '../webhooks/webhook.repository.js';
import { WebhookService } from '../webhooks/webhook.service.js';
import { type AttemptRecord, type BegunAttempt, DeliveryRepository } from './delivery.repository.js';
import { MOST_ATTEMPTS, retryAfterMs, waitAfter } from './retries.js';
import { signatureHeaders } from './signature.js';

/** Standard Webhooks: a receiver takes the event and works on it later. */
const TIMEOUT_MS = 15_000;
/** Nobody reads more of an answer than its first words. */
const MOST_BYTES = 64 * 1024;
const SHOWN_CHARACTERS = 1000;
/** How long one instance has a delivery for itself: a try, and the database at both ends of it. */
export const LEASE_MS = 45_000;
/** Nothing arrived for so long: it is not a failure that passes. */
const FAILING_SECONDS = 5 * 24 * 3600;

interface Outcome extends Pick<AttemptRecord, 'responseStatus' | 'responseText' | 'error'> {
  readonly retryAfterMs: number | null;
  /** The server says that it wants nothing more, ever (410). */
  readonly isGone: boolean;
}

/**
 * One try of a delivery: begun and ended by a commit each, and no connection is held between.
 *
 *   begin (attempt + 1) ─▶ sign, send ─▶ end: delivered | pending, tried again later | failed, given up
 */
@Injectable()
export class DeliveryAttempts {
  constructor(
    private readonly unitOfWork: UnitOfWork,
    private readonly deliveries: DeliveryRepository,
    private readonly webhooks: WebhookRepository,
    private readonly service: WebhookService,
    private readonly secrets: WebhookSecrets,
    private readonly features: Features,
    private readonly outbound: OutboundClient,
    private readonly allowList: TenantAllowList,
  ) {}

  /** Tries a delivery that the caller has claimed. @param signal cuts it short: then it was no try */
  async attempt(scope: TenantScope, deliveryId: string, signal: AbortSignal): Promise<void> {
    const hasFeature = await this.features.has(scope, 'webhooks');
    const begun = await this.unitOfWork.run(scope, async (tx) => {
      const attempt = await this.deliveries.begin(tx, deliveryId);
      if (attempt === null) return null;
      const webhook = await this.webhooks.findSealed(tx, attempt.webhook_id);
      return webhook === null ? null : { attempt, webhook };
    });
    if (begun === null) return;
    const { attempt, webhook } = begun;
    const started = performance.now();
    const outcome = hasFeature
      ? await this.send(scope, attempt, webhook, signal)
      : failed('The operator of this service has not enabled "webhooks" for this tenant.');
    if (outcome === null) return this.deliveries.release(scope, attempt);
    await this.end(scope, attempt, outcome, Math.round(performance.now() - started));
  }

  /** @returns null when it was cut short */
  private async send(
    scope: TenantScope,
    attempt: BegunAttempt,
    webhook: { readonly id: string; readonly url: string; readonly sealed: Buffer },
    signal: AbortSignal,
  ): Promise<Outcome | null> {
    const secrets = this.secrets.signing(scope, webhook.id, webhook.sealed);
    if (secrets.length === 0) return failed('Its secret is lost: rotate it.');
    const content = { id: attempt.event_id, sentAt: new Date(), body: attempt.body };
    try {
      const answer = await this.outbound.request({
        url: webhook.url,
        method: 'POST',
        headers: { 'content-type': 'application/json', ...signatureHeaders(content, secrets) },
        body: attempt.body,
        allow: this.allowList.for(scope.tenantId),
        redirects: 'refuse',
        maxBytes: MOST_BYTES,
        timeoutMs: TIMEOUT_MS,
        signal,
      });
      return outcomeOf(answer);
    } catch (error) {
      if (!(error instanceof OutboundError)) throw error;
      return error.code === 'ABORTED' ? null : failed(error.message);
    }
  }

  private async end(scope: TenantScope, attempt: BegunAttempt, outcome: Outcome, durationMs: number): Promise<void> {
    const { attempt: tries, kind, webhook_id: webhookId } = attempt;
    const { error, isGone, responseStatus, responseText } = outcome;
    const base = { responseStatus, responseText, durationMs };
    await this.unitOfWork.run(scope, async (tx) => {
      if (error === null) {
        const isNews = await this.deliveries.end(tx, attempt, { ...base, status: 'delivered', waitMs: null, error });
        if (isNews) await this.webhooks.isWell(tx, webhookId);
        return;
      }
      const waitMs = kind === 'test' || isGone ? null : waitAfter(tries, outcome.retryAfterMs);
      const words = waitMs === null && tries >= MOST_ATTEMPTS ? `${error} Given up after ${tries} attempts.` : error;
      const record = { ...base, status: waitMs === null ? 'failed' : 'pending', waitMs, error: words } as const;
      // A test says nothing of the events: it may be of an address that is not yet there.
      if (!(await this.deliveries.end(tx, attempt, record)) || kind === 'test') return;
      const seconds = await this.webhooks.isFailing(tx, webhookId);
      if (isGone) await this.service.disable(tx, SYSTEM_ACTOR, webhookId, 'The server answered 410: it is gone.');
      else if (seconds > FAILING_SECONDS)
        await this.service.disable(tx, SYSTEM_ACTOR, webhookId, `Nothing could be delivered for five days. ${error}`);
    });
  }
}

function failed(error: string): Outcome {
  return { responseStatus: null, responseText: null, error, retryAfterMs: null, isGone: false };
}

function outcomeOf({ body, headers, status }: OutboundResponse): Outcome {
  const isTaken = status >= 200 && status < 300;
  return {
    responseStatus: status,
    responseText: firstWords(body),
    error: isTaken ? null : `The server answered ${status}.`,
    retryAfterMs: retryAfterMs(headers['retry-after'], Date.now()),
    isGone: status === 410,
  };
}

/** As text, whatever it is; the database takes no NUL. */
function firstWords(body: Buffer): string | null {
  const text = body
    .subarray(0, 4 * SHOWN_CHARACTERS)
    .toString('utf8')
    .replaceAll('\0', '')
    .slice(0, SHOWN_CHARACTERS);
  return text === '' ? null : text.toWellFormed();
}
