import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PrincipalService } from '#auth';
import { AppConfig } from '#platform/config';
import type { RequestContext } from '#platform/context';
import { asError } from '#platform/errors';
import { LOGGER, type Logger } from '#platform/logging';
import { readOrCreateSecretFile, SecretString } from '#platform/secrets';
import { TenantService } from '#tenants';
import { type Widget, type WidgetDraft, WidgetService } from '#widget';
import { Inject, Injectable, type OnApplicationShutdown } from '@nestjs/common';
import { ACME } from '../acme.tenant.js';
import { DemoSeeder } from '../demo.seeder.js';
import { ShopSite, type ShopWidget } from './shop-site.js';

const NAME = 'Demo shop';
const LOOPBACK = /^http:\/\/(127\.0\.0\.1|localhost):\d+$/;

const LOOKS: Omit<WidgetDraft, 'origins'> = {
  name: NAME,
  enabled: true,
  agent: null,
  identity: 'optional',
  appearance: { accent: '#24503f', position: 'right', theme: 'auto' },
  texts: { title: 'ACME help', greeting: 'Hello! Ask me about an order, an invoice, or anything in our help pages.' },
  questions: ['Where is my order 1042?', 'How many days do I have to return something?', 'I need the invoice for 1017'],
  attachments: false,
  limits: { messagesPerMinute: null, sessionsPerMinute: null, sessionsPerAddressMinute: null },
};

/**
 * The demo's shop: makes its widget once, tells it where the shop stands this time, and opens the site. What is changed in the
 * widget stays changed; who deletes it closes the shop.
 */
@Injectable()
export class DemoShop implements OnApplicationShutdown {
  private site: ShopSite | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly tenants: TenantService,
    private readonly principals: PrincipalService,
    private readonly widgets: WidgetService,
    private readonly seeder: DemoSeeder,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Where it stands; null: it is closed. */
  get url(): string | null {
    return this.site?.url ?? null;
  }

  /**
   * Beside the server, on the next port when that is free. The server runs without it as well.
   * @param serverUrl `http://127.0.0.1:3000`
   */
  async open(serverUrl: string): Promise<void> {
    try {
      const ctx = await this.shopkeeper();
      if (ctx === null) return;
      const { PORT } = this.config.env;
      const site = await ShopSite.listen(PORT === 0 ? 0 : PORT + 1);
      const widget = await this.widget(ctx, site.url);
      if (widget === null) return await site.stop();
      site.open(serverUrl, widget);
      this.site = site;
    } catch (error) {
      this.logger.error({ err: asError(error) }, 'the demo shop could not be opened');
    }
  }

  async onApplicationShutdown(): Promise<void> {
    await this.site?.stop();
  }

  /** Whoever runs the tenant, as long as it is the demo's. */
  private async shopkeeper(): Promise<RequestContext | null> {
    const tenantId = await this.tenants.findIdBySlug(ACME.slug);
    if (tenantId === null || (await this.tenants.operatorSettings({ tenantId })).demo === undefined) return null;
    const email = ACME.users.find(({ role }) => role === 'tenant_admin')?.email ?? '';
    const found = await this.principals.findByEmail({ tenantId }, email);
    if (found === null) return null;
    const principal = { id: found.id, role: found.role, persona: null, sessionId: null };
    return { tenantId, principal, correlationId: 'demo-shop' };
  }

  private async widget(ctx: RequestContext, url: string): Promise<ShopWidget | null> {
    const origins = [url, url.replace('127.0.0.1', 'localhost')];
    const { demo } = await this.tenants.operatorSettings(ctx);
    if (demo?.shop === undefined) return this.made(ctx, origins);
    const widget = await this.widgets.find(ctx, demo.shop);
    if (widget === null) return null;
    await this.move(ctx, widget, origins);
    return { publicKey: widget.publicKey, secret: this.kept() ?? (await this.renewed(ctx, widget.id)) };
  }

  /** Once; a start that was cut off before it was noted left it behind. */
  private async made(ctx: RequestContext, origins: readonly string[]): Promise<ShopWidget> {
    const left = (await this.widgets.list(ctx, null, 100)).find(({ name }) => name === NAME);
    if (left !== undefined) await this.widgets.delete(ctx, left.id);
    const { secret, widget } = await this.widgets.create(ctx, { ...LOOKS, origins });
    this.keep(secret);
    // The seed notes something in the same place, meanwhile.
    await this.seeder.handedOver();
    const operator = await this.tenants.operatorSettings(ctx);
    await this.tenants.setOperatorSettings(ctx, { ...operator, demo: { ...operator.demo, shop: widget.id } });
    return { publicKey: widget.publicKey, secret };
  }

  private async move(ctx: RequestContext, widget: Widget, origins: readonly string[]): Promise<void> {
    if (origins.every((origin) => widget.origins.includes(origin))) return;
    await this.widgets.update(ctx, widget.id, ({ id, createdAt, last4, publicKey, updatedAt, ...draft }) => ({
      ...draft,
      origins: [...draft.origins.filter((origin) => !LOOPBACK.test(origin)), ...origins],
    }));
  }

  /** On another machine, or in another folder: the secret is only here and in the database, which does not show it. */
  private async renewed(ctx: RequestContext, id: string): Promise<SecretString> {
    const { secret } = await this.widgets.rotateSecret(ctx, id);
    this.keep(secret);
    return secret;
  }

  private get file(): string {
    return join(this.config.dataDir, 'demo-shop-secret');
  }

  private keep(secret: SecretString): void {
    rmSync(this.file, { force: true });
    readOrCreateSecretFile(this.file, () => secret.reveal());
  }

  private kept(): SecretString | null {
    try {
      return new SecretString(readFileSync(this.file, 'utf8').trim());
    } catch {
      return null;
    }
  }
}
