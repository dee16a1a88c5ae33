import { request } from 'node:http';
import { describeInvoice, describeOrder, ORDERS } from './data/orders.js';
import { DemoApi } from './demo-api.js';

describe('the demo shop API', () => {
  let now = new Date('2026-03-04T09:30:00Z'); // a Wednesday, Irish time equals UTC
  let api: DemoApi;

  beforeAll(async () => {
    api = await DemoApi.start(() => now);
  });
  beforeEach(() => {
    now = new Date('2026-03-04T09:30:00Z');
  });
  afterAll(() => api.stop());

  async function call(path: string, init?: RequestInit): Promise<{ status: number; body: Record<string, unknown> }> {
    const response = await fetch(api.url + path, init);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }
  const send = (invoice: string, body: unknown, key?: string) =>
    call(`/invoices/${invoice}/send`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key ? { 'idempotency-key': key } : {}) },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });

  it('listens on the loopback address only', () => {
    expect(api.url).toBe(`http://127.0.0.1:${api.port}`);
    expect(api.port).toBeGreaterThan(0);
  });

  it('shows an order with its sums', async () => {
    const { status, body } = await call('/orders/1042');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      id: '1042',
      status: 'out_for_delivery',
      goods_total: 183.5,
      total: 183.5,
      currency: 'EUR',
    });
  });

  it.each([
    ['2026-03-04T09:30:00Z', 'today between 13:00 and 17:00', '2026-03-04T13:00:00.000Z'],
    ['2026-03-04T15:30:00Z', 'today between 16:00 and 18:00', '2026-03-04T16:00:00.000Z'],
    ['2026-03-04T21:00:00Z', 'tomorrow between 09:00 and 13:00', '2026-03-05T09:00:00.000Z'],
    ['2026-03-08T10:00:00Z', 'tomorrow between 09:00 and 13:00', '2026-03-09T09:00:00.000Z'], // a Sunday
    ['2026-07-04T20:00:00Z', 'Monday 6 July between 09:00 and 13:00', '2026-07-06T08:00:00.000Z'], // Saturday, summer time
  ])('expects order 1042 at a time that lies ahead of %s', async (at, words, from) => {
    now = new Date(at);
    const { body } = await call('/orders/1042/tracking');
    expect(body).toMatchObject({ status: 'out_for_delivery', eta_text: words, eta: { from } });
  });

  it('tells the events of a parcel newest first and never from the future', async () => {
    for (const at of ['2026-03-04T00:10:00Z', '2026-03-07T23:50:00Z', '2026-03-29T01:30:00Z']) {
      now = new Date(at);
      for (const order of ORDERS) {
        const { body } = await call(`/orders/${order.id}/tracking`);
        const times = (body['events'] as { at: string }[]).map((event) => Date.parse(event.at));
        expect(times).toEqual([...times].sort((a, b) => b - a));
        expect(Math.max(...times)).toBeLessThanOrEqual(now.getTime());
      }
    }
  });

  it('answers an unknown order with a sentence for the customer', async () => {
    for (const path of ['/orders/9999', '/orders/9999/tracking', '/orders/9999/invoice', '/invoices?order_id=9999']) {
      const { status, body } = await call(path);
      expect(status).toBe(404);
      expect(body).toMatchObject({
        error: { code: 'ORDER_NOT_FOUND', message: expect.stringContaining('9999') as string },
      });
    }
  });

  it.each([
    '/orders/abc',
    '/orders/12',
    '/orders/1234567/tracking',
    '/orders/1042%20',
    '/invoices?order_id=x',
    '/invoices',
    '/orders/%E0%A4%A',
  ])('refuses %s as a bad request', async (path) => {
    expect((await call(path)).status).toBe(400);
  });

  it.each(['/', '/orders', '/orders/1042/constructor', '/orders/1042/tracking/x', '/invoices/INV-1042'])(
    'knows nothing at %s',
    async (path) => {
      expect((await call(path)).status).toBe(404);
    },
  );

  it('refuses the wrong method', async () => {
    expect((await call('/orders/1042', { method: 'DELETE' })).status).toBe(405);
    expect((await call('/invoices/INV-1042/send')).status).toBe(405);
  });

  it('shows the invoice of a shipped order, VAT included', async () => {
    const { body } = await call('/orders/1042/invoice');
    expect(body).toMatchObject({
      status: 'issued',
      invoice_id: 'INV-1042',
      total: 183.5,
      vat_rate: 23,
      vat: 34.31,
      net: 149.19,
    });
    expect((await call('/invoices?order_id=1042')).body).toMatchObject({ data: [{ invoice_id: 'INV-1042' }] });
  });

  it('says why an order has no invoice', async () => {
    const { status, body } = await call('/orders/1029/invoice');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      status: 'not_issued',
      invoice_id: null,
      reason: expect.stringContaining('cancelled') as string,
    });
    expect((await call('/invoices?order_id=1029')).body).toEqual({ data: [] });
  });

  it('sends an invoice once for one idempotency key, with the same answer', async () => {
    const first = await send('INV-1042', { email: 'ana@mail.test' }, 'key-1');
    now = new Date(now.getTime() + 60_000);
    const second = await send('INV-1042', { email: 'ana@mail.test' }, 'key-1');
    expect(first).toMatchObject({
      status: 200,
      body: { status: 'sent', invoice_id: 'INV-1042', email: 'ana@mail.test' },
    });
    expect(second).toEqual(first);
    expect(api.sent.filter(({ email }) => email === 'ana@mail.test')).toHaveLength(1);
    expect((await send('INV-1042', { email: 'other@mail.test' }, 'key-1')).status).toBe(409);
    await send('INV-1042', { email: 'ana@mail.test' }, 'key-2');
    expect(api.sent.filter(({ email }) => email === 'ana@mail.test')).toHaveLength(2);
  });

  it('sends nothing when the request is wrong or the invoice does not exist', async () => {
    const before = api.sent.length;
    expect((await send('INV-1042', { email: 'nonsense' })).status).toBe(400);
    expect((await send('INV-1042', { email: 'a@b.test', cc: 'c@d.test' })).body).toMatchObject({
      error: { code: 'UNKNOWN_FIELD' },
    });
    expect((await send('INV-1042', '[1]')).status).toBe(400);
    expect((await send('INV-1042', '{')).status).toBe(400);
    expect((await send('42', { email: 'a@b.test' })).status).toBe(400);
    expect((await send('INV-9999', { email: 'a@b.test' })).status).toBe(404);
    expect(await send('INV-1043', { email: 'a@b.test' })).toMatchObject({
      status: 409,
      body: { error: { code: 'INVOICE_NOT_ISSUED' } },
    });
    expect(api.sent).toHaveLength(before);
  });

  it('refuses a body above its cap, also one that comes without a length', async () => {
    expect((await send('INV-1042', { email: 'x'.repeat(100_000) })).status).toBe(413);
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const endless = request(`${api.url}/invoices/INV-1042/send`, { method: 'POST' }, (response) => {
        resolve(response.statusCode);
        endless.destroy();
      });
      endless.on('error', reject);
      endless.write('{"email":"' + 'x'.repeat(10_000)); // chunked, and never ended
    });
    expect(status).toBe(413);
  });

  it('can be stopped twice', async () => {
    const other = await DemoApi.start();
    await other.stop();
    await other.stop();
    await expect(fetch(`${other.url}/orders/1042`)).rejects.toThrow();
  });
});

describe('the demo orders', () => {
  const now = new Date('2026-03-04T09:30:00Z');
  /** The zones of the help document: standard delivery, and the value from which it is free. */
  const ZONES = [
    { countries: ['Ireland'], standard: 4.9, freeFrom: 50, express: 9.9 },
    {
      countries: [
        'Germany',
        'France',
        'Spain',
        'Netherlands',
        'Belgium',
        'Luxembourg',
        'Austria',
        'Italy',
        'Portugal',
        'Denmark',
      ],
      standard: 8.9,
      freeFrom: 100,
      express: 18.9,
    },
    { countries: ['Poland'], standard: 12.9, freeFrom: 150, express: undefined },
    { countries: ['United Kingdom', 'Switzerland', 'Norway'], standard: 19.9, freeFrom: Infinity, express: undefined },
  ];

  it('are at least 25, with different numbers and every status', () => {
    expect(ORDERS.length).toBeGreaterThanOrEqual(25);
    expect(new Set(ORDERS.map(({ id }) => id)).size).toBe(ORDERS.length);
    expect(new Set(ORDERS.map(({ status }) => status)).size).toBe(12);
  });

  it.each(ORDERS.map((order) => [order.id, order] as const))('charge for %s what the help pages say', (_id, order) => {
    const { goods_total: goods, shipping_cost: charged } = describeOrder(order, now);
    const zone = ZONES.find(({ countries }) => countries.includes(order.customer.country));
    expect(zone).toBeDefined();
    const expected = {
      standard: zone && goods >= zone.freeFrom ? 0 : zone?.standard,
      express: zone?.express,
      bulky: 29,
      collection: 0,
      email: 0,
    }[order.shippingMethod];
    expect(charged).toBe(expected);
  });

  it.each(ORDERS.map((order) => [order.id, order] as const))('have an invoice for %s, or a reason', (_id, order) => {
    const invoice = describeInvoice(order, now);
    const notSold = ['received', 'awaiting_payment', 'packing', 'cancelled'].includes(order.status);
    if (notSold) expect(order.noInvoice).toBeDefined();
    expect(invoice.status === 'issued').toBe(order.noInvoice === undefined);
    expect(invoice.status === 'issued').toBe(invoice.issued_at !== null);
    expect(invoice.net + invoice.vat).toBeCloseTo(invoice.total, 2);
  });
});
