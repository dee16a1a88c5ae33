/**
 * The orders of the shop ACME, as its own system would answer: what was bought, where the parcel is, which invoice exists.
 *
 * Dates are told relative to the moment of asking (in working days of Irish time), so that the demo never looks stale.
 * Prices, zones, carriers, statuses and the rules for invoices follow the help documents in `../documents/acme`.
 */
import { addWorkingDays, clockInDublin, dublinInstant, isSunday } from './working-days.js';

export type OrderStatus =
  | 'received'
  | 'awaiting_payment'
  | 'packing'
  | 'shipped'
  | 'partly_shipped'
  | 'delayed'
  | 'out_for_delivery'
  | 'ready_for_collection'
  | 'delivery_failed'
  | 'delivered'
  | 'returned'
  | 'cancelled';

/** A moment: `[working days from today, 'HH:MM' in Dublin]` (the offset is negative for the past), or minutes ago. */
type When = readonly [day: number, time: string] | { readonly minutesAgo: number };

interface OrderLine {
  readonly sku: string;
  readonly name: string;
  readonly quantity: number;
  /** EUR, with VAT (without it for the United Kingdom, Switzerland and Norway, and for reverse charge). */
  readonly unitPrice: number;
}

interface OrderEvent {
  readonly at: When;
  readonly text: string;
  readonly place?: string;
}

type Carrier = 'Swift Parcel' | 'Comet Express' | 'Harbour Freight';

/** What is written down for an order; everything that can be calculated is calculated by `describeOrder`. */
export interface OrderFixture {
  readonly id: string;
  readonly customer: { readonly name: string; readonly email: string; readonly city: string; readonly country: string };
  readonly placed: When;
  readonly status: OrderStatus;
  readonly lines: readonly OrderLine[];
  readonly shippingMethod: 'standard' | 'express' | 'bulky' | 'collection' | 'email';
  /** EUR. */
  readonly shippingCost: number;
  readonly payment: string;
  readonly carrier?: Carrier;
  readonly trackingNumber?: string;
  /** The expected delivery; a sentence replaces a date where there is none. */
  readonly eta?: { readonly from: When; readonly until: When } | string;
  readonly shipped?: When;
  readonly delivered?: When;
  readonly events: readonly OrderEvent[];
  /** Given when the customer's own VAT number makes the sale free of VAT. */
  readonly vatNumber?: string;
  readonly note?: string;
  /** Why there is no invoice. Required exactly when the order was never shipped or handed over. */
  readonly noInvoice?: string;
}

export interface OrderView {
  readonly id: string;
  readonly status: OrderStatus;
  readonly status_text: string;
  readonly placed_at: string;
  readonly customer: { name: string; email: string; city: string; country: string };
  readonly items: { sku: string; name: string; quantity: number; unit_price: number; total: number }[];
  readonly goods_total: number;
  readonly shipping_method: string;
  readonly shipping_cost: number;
  readonly total: number;
  readonly currency: 'EUR';
  readonly payment_method: string;
  readonly note: string | null;
}

export interface TrackingView {
  readonly order_id: string;
  readonly status: OrderStatus;
  readonly status_text: string;
  readonly carrier: string | null;
  readonly tracking_number: string | null;
  readonly destination: string;
  readonly eta: { from: string; until: string } | null;
  /** "today between 13:00 and 17:00"; a whole sentence when `eta` is null. */
  readonly eta_text: string | null;
  readonly delivered_at: string | null;
  readonly last_event: { at: string; text: string; place: string | null } | null;
  /** Newest first. */
  readonly events: { at: string; text: string; place: string | null }[];
  readonly note: string | null;
}

export interface InvoiceView {
  readonly order_id: string;
  readonly status: 'issued' | 'not_issued';
  readonly invoice_id: string | null;
  readonly issued_at: string | null;
  readonly customer: { name: string; email: string };
  readonly net: number;
  readonly vat_rate: number;
  readonly vat: number;
  readonly total: number;
  readonly currency: 'EUR';
  /** The sums as they are written: "€183.50". */
  readonly net_text: string;
  readonly vat_text: string;
  readonly total_text: string;
  readonly payment_method: string;
  readonly vat_note: string | null;
  /** Why there is no invoice (yet). */
  readonly reason: string | null;
}

export const STATUS_TEXT: Readonly<Record<OrderStatus, string>> = {
  received: 'received, waiting to be packed',
  awaiting_payment: 'waiting for your payment',
  packing: 'being packed',
  shipped: 'on its way',
  partly_shipped: 'partly shipped',
  delayed: 'delayed',
  out_for_delivery: 'out for delivery',
  ready_for_collection: 'ready for collection',
  delivery_failed: 'not delivered yet: nobody was at home, and a second attempt follows',
  delivered: 'delivered',
  returned: 'returned',
  cancelled: 'cancelled',
};

/** Standard VAT rates in per cent by country of delivery; countries outside the European Union are invoiced without. */
export const VAT_RATES: Readonly<Record<string, number>> = {
  Ireland: 23,
  Germany: 19,
  Spain: 21,
  France: 20,
  Netherlands: 21,
  Austria: 20,
  Italy: 22,
  Portugal: 23,
  Denmark: 25,
  Poland: 23,
  Belgium: 21,
  'United Kingdom': 0,
  Switzerland: 0,
};

const NOT_SHIPPED = 'The invoice is made on the day the parcel leaves our warehouse, and emailed then.';

export const ORDERS: readonly OrderFixture[] = [
  {
    id: '1042',
    customer: { name: 'Ana Byrne', email: 'user@acme.test', city: 'Dublin', country: 'Ireland' },
    placed: [-2, '19:26'],
    status: 'out_for_delivery',
    lines: [
      { sku: 'BP-RIDGE45-M', name: 'Ridge 45 backpack, size M, pine green', quantity: 1, unitPrice: 149 },
      { sku: 'CW-KETTLE08', name: 'Trail kettle 0.8 l', quantity: 1, unitPrice: 34.5 },
    ],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'Visa ending in 4417',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7730 4410 42 IE',
    shipped: [-1, '16:40'],
    events: [
      { at: { minutesAgo: 35 }, text: 'On the van, out for delivery', place: 'Dublin South depot' },
      { at: { minutesAgo: 140 }, text: 'Sorted at the delivery depot', place: 'Dublin South depot' },
      { at: [-1, '16:40'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
      { at: [-1, '09:12'], text: 'Packed', place: 'ACME warehouse, Dublin' },
      { at: [-2, '19:26'], text: 'Order received' },
    ],
    note: 'You chose a safe place: if nobody is at home, the driver leaves the parcel there.',
  },
  {
    id: '1017',
    customer: { name: 'Ana Byrne', email: 'user@acme.test', city: 'Dublin', country: 'Ireland' },
    placed: [-34, '12:05'],
    status: 'delivered',
    lines: [{ sku: 'JK-DRIZZLE-W-M', name: 'Drizzle rain jacket, women, M, ochre', quantity: 1, unitPrice: 119 }],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'Visa ending in 4417',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7730 4402 17 IE',
    shipped: [-34, '16:30'],
    delivered: [-33, '11:48'],
    events: [
      { at: [-33, '11:48'], text: 'Delivered, handed over at the door', place: 'Dublin' },
      { at: [-33, '07:50'], text: 'On the van, out for delivery', place: 'Dublin South depot' },
      { at: [-34, '16:30'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1043',
    customer: { name: 'Ana Byrne', email: 'user@acme.test', city: 'Dublin', country: 'Ireland' },
    placed: { minutesAgo: 25 },
    status: 'received',
    lines: [{ sku: 'SL-FERN-5', name: 'Fern 5 sleeping bag, regular', quantity: 1, unitPrice: 189 }],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'Apple Pay',
    eta: { from: [2, '09:00'], until: [3, '18:00'] },
    events: [{ at: { minutesAgo: 25 }, text: 'Order received' }],
    noInvoice: NOT_SHIPPED,
  },
  {
    id: '1038',
    customer: { name: 'Lukas Hartmann', email: 'lukas.hartmann@mail.test', city: 'Hamburg', country: 'Germany' },
    placed: [-4, '10:31'],
    status: 'shipped',
    lines: [
      { sku: 'BT-GRANITE-43.5', name: 'Granite hiking boots, men, 43.5', quantity: 1, unitPrice: 179 },
      { sku: 'SK-MERINO-L', name: 'Merino hiking socks, L', quantity: 2, unitPrice: 18 },
    ],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'PayPal',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7731 0010 38 DE',
    shipped: [-4, '16:45'],
    eta: { from: [1, '09:00'], until: [1, '18:00'] },
    events: [
      { at: [-1, '21:14'], text: 'Arrived at the parcel centre', place: 'Hamburg' },
      { at: [-3, '05:20'], text: 'Left the ferry', place: 'Rotterdam' },
      { at: [-4, '16:45'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1039',
    customer: { name: 'Carmen Ortega', email: 'carmen.ortega@mail.test', city: 'Valencia', country: 'Spain' },
    placed: [-7, '22:10'],
    status: 'delayed',
    lines: [{ sku: 'TN-LARCH2', name: 'Larch 2 tent, two persons', quantity: 1, unitPrice: 329 }],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'Mastercard ending in 2206',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7731 0010 39 ES',
    shipped: [-6, '16:20'],
    eta: { from: [2, '09:00'], until: [3, '18:00'] },
    events: [
      { at: [-1, '18:02'], text: 'Delayed: heavy snow on the road, new date estimated', place: 'Burgos' },
      { at: [-3, '09:44'], text: 'Arrived at the parcel centre', place: 'Bilbao' },
      { at: [-6, '16:20'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
    note: 'Worth more than €300: handed over against a signature only.',
  },
  {
    id: '1036',
    customer: { name: 'Claire Moreau', email: 'claire.moreau@mail.test', city: 'Lyon', country: 'France' },
    placed: [-3, '11:15'],
    status: 'out_for_delivery',
    lines: [{ sku: 'HL-LUMEN500', name: 'Lumen 500 headlamp', quantity: 1, unitPrice: 64.9 }],
    shippingMethod: 'express',
    shippingCost: 18.9,
    payment: 'Visa ending in 9034',
    carrier: 'Comet Express',
    trackingNumber: 'CX-4410036-FR',
    shipped: [-2, '15:10'],
    events: [
      { at: { minutesAgo: 70 }, text: 'With the courier, out for delivery', place: 'Lyon' },
      { at: [-1, '21:35'], text: 'Landed', place: 'Lyon airport' },
      { at: [-2, '15:10'], text: 'Handed to Comet Express', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1041',
    customer: { name: "Patrick O'Shea", email: 'patrick.oshea@mail.test', city: 'Limerick', country: 'Ireland' },
    placed: [-1, '15:45'],
    status: 'packing',
    lines: [
      { sku: 'ST-EMBER3', name: 'Ember 3 camping stove', quantity: 1, unitPrice: 84 },
      { sku: 'GC-230', name: 'Gas canister 230 g', quantity: 2, unitPrice: 7.95 },
    ],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'Google Pay',
    eta: { from: [1, '09:00'], until: [2, '18:00'] },
    events: [
      { at: { minutesAgo: 50 }, text: 'Packing started', place: 'ACME warehouse, Dublin' },
      { at: [-1, '15:45'], text: 'Order received' },
    ],
    noInvoice: NOT_SHIPPED,
  },
  {
    id: '1040',
    customer: { name: 'Sofie de Vries', email: 'sofie.devries@mail.test', city: 'Utrecht', country: 'Netherlands' },
    placed: [-2, '09:02'],
    status: 'awaiting_payment',
    lines: [{ sku: 'BP-RIDGE65-L', name: 'Ridge 65 backpack, size L, slate', quantity: 1, unitPrice: 199 }],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'bank transfer',
    eta: 'It should reach you 3 to 5 working days after your transfer has arrived.',
    events: [{ at: [-2, '09:02'], text: 'Order received, waiting for the bank transfer' }],
    note: 'The goods are reserved for 5 working days after the order.',
    noInvoice:
      'The order is waiting for your bank transfer. You have a pro forma with our account details; the invoice follows when the parcel leaves our warehouse.',
  },
  {
    id: '1037',
    customer: { name: 'Mateusz Kowalski', email: 'mateusz.kowalski@mail.test', city: 'Kraków', country: 'Poland' },
    placed: [-5, '13:20'],
    status: 'shipped',
    lines: [{ sku: 'TR-SCREE-M-50', name: 'Scree trekking trousers, men, 50', quantity: 1, unitPrice: 89 }],
    shippingMethod: 'standard',
    shippingCost: 12.9,
    payment: 'Visa ending in 7781',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7732 0010 37 PL',
    shipped: [-5, '16:50'],
    eta: { from: [1, '09:00'], until: [3, '18:00'] },
    events: [
      { at: [-2, '14:33'], text: 'Arrived at the parcel centre', place: 'Leipzig' },
      { at: [-5, '16:50'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1035',
    customer: { name: 'Emily Carter', email: 'emily.carter@mail.test', city: 'Bristol', country: 'United Kingdom' },
    placed: [-6, '08:40'],
    status: 'shipped',
    lines: [{ sku: 'JK-SUMMIT-W-S', name: 'Summit down jacket, women, S', quantity: 1, unitPrice: 194.31 }],
    shippingMethod: 'standard',
    shippingCost: 19.9,
    payment: 'American Express ending in 1009',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7734 0010 35 GB',
    shipped: [-6, '16:35'],
    eta: { from: [0, '09:00'], until: [2, '18:00'] },
    events: [
      { at: [-1, '10:08'], text: 'Customs: released, import VAT to be paid to the carrier', place: 'Holyhead' },
      { at: [-5, '23:50'], text: 'Arrived at customs', place: 'Holyhead' },
      { at: [-6, '16:35'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1034',
    customer: { name: 'Niamh Kelly', email: 'niamh.kelly@mail.test', city: 'Cork', country: 'Ireland' },
    placed: [-3, '17:30'],
    status: 'ready_for_collection',
    lines: [{ sku: 'PB-VOLT10', name: 'Volt 10 power bank, 37 Wh', quantity: 1, unitPrice: 49.9 }],
    shippingMethod: 'collection',
    shippingCost: 0,
    payment: 'Visa ending in 3120',
    shipped: [-1, '10:20'],
    eta: 'It waits for you for 7 days at ACME Cork, 3 Mill Lane (Monday to Saturday 10:00–18:00).',
    events: [
      { at: [-1, '10:20'], text: 'Ready for collection', place: 'ACME Cork, 3 Mill Lane' },
      { at: [-3, '17:30'], text: 'Order received' },
    ],
    note: 'Please bring the order number and a photo ID.',
  },
  {
    id: '1033',
    customer: { name: 'Giulia Ferri', email: 'giulia.ferri@mail.test', city: 'Bologna', country: 'Italy' },
    placed: [-6, '20:45'],
    status: 'delivery_failed',
    lines: [{ sku: 'CR-LITTLE', name: 'Little Trail child carrier', quantity: 1, unitPrice: 219 }],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'PayPal',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7731 0010 33 IT',
    shipped: [-5, '16:25'],
    eta: { from: [1, '09:00'], until: [1, '18:00'] },
    events: [
      {
        at: { minutesAgo: 90 },
        text: 'Delivery failed: nobody at home, second attempt on the next working day',
        place: 'Bologna',
      },
      { at: [-1, '19:30'], text: 'Arrived at the parcel centre', place: 'Bologna' },
      { at: [-5, '16:25'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1032',
    customer: { name: 'Thomas Gruber', email: 'thomas.gruber@mail.test', city: 'Innsbruck', country: 'Austria' },
    placed: [-6, '16:12'],
    status: 'partly_shipped',
    lines: [
      { sku: 'PO-CARBON3', name: 'Carbon trekking poles, pair', quantity: 1, unitPrice: 99 },
      { sku: 'GA-SCREE-L', name: 'Scree gaiters, L', quantity: 1, unitPrice: 45 },
    ],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'Mastercard ending in 5518',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7731 0010 32 AT',
    shipped: [-5, '16:55'],
    eta: { from: [1, '09:00'], until: [6, '18:00'] },
    events: [
      { at: [-1, '11:30'], text: 'Parcel 1 of 2 (poles) delivered', place: 'Innsbruck' },
      { at: [-5, '16:55'], text: 'Parcel 1 of 2 handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
      {
        at: [-5, '10:01'],
        text: 'Gaiters out of stock, they follow in a second parcel',
        place: 'ACME warehouse, Dublin',
      },
    ],
    note: 'The gaiters follow in a second parcel, at no extra cost.',
  },
  {
    id: '1031',
    customer: { name: 'Sean Murphy', email: 'sean.murphy@mail.test', city: 'Waterford', country: 'Ireland' },
    placed: [-9, '12:50'],
    status: 'shipped',
    lines: [{ sku: 'KY-TERN', name: 'Tern touring kayak', quantity: 1, unitPrice: 899 }],
    shippingMethod: 'bulky',
    shippingCost: 29,
    payment: 'Pay in 3',
    carrier: 'Harbour Freight',
    trackingNumber: 'HF-20031',
    shipped: [-5, '14:00'],
    eta: { from: [2, '08:00'], until: [2, '12:00'] },
    events: [
      { at: [-1, '15:40'], text: 'Delivery day agreed by telephone', place: 'Waterford' },
      { at: [-5, '14:00'], text: 'Handed to Harbour Freight', place: 'ACME warehouse, Dublin' },
    ],
    note: 'Delivered to the kerbside.',
  },
  {
    id: '1030',
    customer: { name: 'Inês Carvalho', email: 'ines.carvalho@mail.test', city: 'Porto', country: 'Portugal' },
    placed: [-12, '14:33'],
    status: 'delivered',
    lines: [{ sku: 'MT-DUNE', name: 'Dune sleeping mat', quantity: 2, unitPrice: 54 }],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'Mastercard ending in 8862',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7731 0010 30 PT',
    shipped: [-11, '16:30'],
    delivered: [-7, '15:21'],
    events: [
      { at: [-7, '15:21'], text: 'Delivered to a neighbour, 2nd floor', place: 'Porto' },
      { at: [-7, '08:40'], text: 'On the van, out for delivery', place: 'Porto' },
      { at: [-11, '16:30'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1029',
    customer: { name: 'Freja Nielsen', email: 'freja.nielsen@mail.test', city: 'Aarhus', country: 'Denmark' },
    placed: [-10, '18:20'],
    status: 'cancelled',
    lines: [{ sku: 'HT-FELT-M', name: 'Felt hat, M', quantity: 1, unitPrice: 39 }],
    shippingMethod: 'standard',
    shippingCost: 8.9,
    payment: 'Visa ending in 6402',
    events: [
      { at: [-10, '18:41'], text: 'Cancelled by the customer; the card reservation was released' },
      { at: [-10, '18:20'], text: 'Order received' },
    ],
    noInvoice: 'The order was cancelled before dispatch. Nothing was sold, so there is no invoice.',
  },
  {
    id: '1028',
    customer: { name: 'Jonas Weber', email: 'jonas.weber@mail.test', city: 'Munich', country: 'Germany' },
    placed: [-16, '07:55'],
    status: 'returned',
    lines: [{ sku: 'BT-GRANITE-45', name: 'Granite hiking boots, men, 45', quantity: 1, unitPrice: 179 }],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'PayPal',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7731 0010 28 DE',
    shipped: [-16, '16:40'],
    delivered: [-12, '13:05'],
    events: [
      { at: [-2, '11:15'], text: 'Refund of €169.10 sent to PayPal (€179.00 less €9.90 for the return label)' },
      { at: [-3, '10:30'], text: 'Return arrived', place: 'ACME warehouse, Dublin' },
      { at: [-12, '13:05'], text: 'Delivered, handed over at the door', place: 'Munich' },
      { at: [-16, '16:40'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
    note: 'A credit note (CN-1028) was emailed with the refund.',
  },
  {
    id: '1027',
    customer: { name: 'Aoife Brennan', email: 'aoife.brennan@mail.test', city: 'Galway', country: 'Ireland' },
    placed: [-9, '09:18'],
    status: 'delivered',
    lines: [{ sku: 'GIFT-100', name: 'Digital gift card €100', quantity: 1, unitPrice: 100 }],
    shippingMethod: 'email',
    shippingCost: 0,
    payment: 'Visa ending in 2290',
    delivered: [-9, '09:25'],
    events: [
      { at: [-9, '09:25'], text: 'Gift card sent by email' },
      { at: [-9, '09:18'], text: 'Order received' },
    ],
    noInvoice:
      'This order holds a gift card only. You received a receipt without VAT; the VAT is charged when the card is spent.',
  },
  {
    id: '1026',
    customer: { name: 'Bergwacht Allgäu e. V.', email: 'einkauf@bergwacht.test', city: 'Kempten', country: 'Germany' },
    placed: [-20, '10:00'],
    status: 'delivered',
    lines: [
      { sku: 'HL-LUMEN500', name: 'Lumen 500 headlamp (business price)', quantity: 20, unitPrice: 51.81 },
      { sku: 'BP-RIDGE45-L', name: 'Ridge 45 backpack, size L (business price)', quantity: 4, unitPrice: 118.95 },
    ],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'on account, 30 days',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7731 0010 26 DE',
    shipped: [-19, '15:55'],
    delivered: [-15, '10:12'],
    vatNumber: 'DE 999 000 026',
    events: [
      { at: [-15, '10:12'], text: 'Delivered, signed by H. Maier', place: 'Kempten' },
      { at: [-19, '15:55'], text: 'Handed to Swift Parcel (3 parcels)', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1025',
    customer: { name: 'Elena Ruiz', email: 'elena.ruiz@mail.test', city: 'Seville', country: 'Spain' },
    placed: [-11, '21:36'],
    status: 'delivered',
    lines: [{ sku: 'SH-BREEZE-W-39', name: 'Breeze trail shoes, women, 39', quantity: 1, unitPrice: 94.9 }],
    shippingMethod: 'standard',
    shippingCost: 8.9,
    payment: 'Pay in 3',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7731 0010 25 ES',
    shipped: [-10, '16:30'],
    delivered: [-6, '12:02'],
    events: [
      { at: [-6, '12:02'], text: 'Delivered to the parcel point of your choice', place: 'Seville' },
      { at: [-10, '16:30'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1024',
    customer: { name: 'Marc Keller', email: 'marc.keller@mail.test', city: 'Bern', country: 'Switzerland' },
    placed: [-15, '13:47'],
    status: 'delivered',
    lines: [{ sku: 'TN-LARCH3', name: 'Larch 3 tent, three persons', quantity: 1, unitPrice: 341.46 }],
    shippingMethod: 'standard',
    shippingCost: 19.9,
    payment: 'Visa ending in 5050',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7734 0010 24 CH',
    shipped: [-14, '16:30'],
    delivered: [-8, '14:56'],
    events: [
      { at: [-8, '14:56'], text: 'Delivered, signed by M. Keller', place: 'Bern' },
      { at: [-10, '09:15'], text: 'Customs: released', place: 'Basel' },
      { at: [-14, '16:30'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1023',
    customer: { name: 'Ciara Walsh', email: 'ciara.walsh@mail.test', city: 'Sligo', country: 'Ireland' },
    placed: [-5, '11:00'],
    status: 'shipped',
    lines: [{ sku: 'CW-SET2', name: 'Hearth cooking set for two', quantity: 1, unitPrice: 42 }],
    shippingMethod: 'standard',
    shippingCost: 4.9,
    payment: 'Google Pay',
    carrier: 'Swift Parcel',
    trackingNumber: 'SP 7730 4410 23 IE',
    shipped: [-5, '16:20'],
    eta: 'It was expected 3 working days ago; the carrier is investigating and answers within 2 working days.',
    events: [
      { at: [-1, '09:30'], text: 'No scan for 3 working days: investigation opened with the carrier' },
      { at: [-4, '04:10'], text: 'Left the parcel centre', place: 'Athlone' },
      { at: [-5, '16:20'], text: 'Handed to Swift Parcel', place: 'ACME warehouse, Dublin' },
    ],
    note: 'If the parcel is not found you may choose a replacement or a full refund.',
  },
  {
    id: '1022',
    customer: { name: 'Hugo Lambert', email: 'hugo.lambert@mail.test', city: 'Brussels', country: 'Belgium' },
    placed: { minutesAgo: 605 },
    status: 'awaiting_payment',
    lines: [{ sku: 'JK-SUMMIT-M-L', name: 'Summit down jacket, men, L', quantity: 1, unitPrice: 239 }],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'Mastercard ending in 0871 (declined)',
    eta: 'It should reach you 3 to 5 working days after the payment.',
    events: [
      { at: { minutesAgo: 603 }, text: 'The card payment was declined by the bank' },
      { at: { minutesAgo: 605 }, text: 'Order received' },
    ],
    note: 'Open Account › Orders and press Pay again within 48 hours of ordering.',
    noInvoice: 'The card payment was declined, so the order has not been shipped. The invoice is made at dispatch.',
  },
  {
    id: '1021',
    customer: { name: 'Pieter Bakker', email: 'pieter.bakker@mail.test', city: 'Groningen', country: 'Netherlands' },
    placed: [-13, '15:05'],
    status: 'delivered',
    lines: [{ sku: 'PB-VOLT20', name: 'Volt 20 power bank, 74 Wh', quantity: 1, unitPrice: 79.9 }],
    shippingMethod: 'express',
    shippingCost: 18.9,
    payment: 'PayPal',
    carrier: 'Comet Express',
    trackingNumber: 'CX-4410021-NL',
    shipped: [-12, '15:00'],
    delivered: [-10, '10:44'],
    events: [
      { at: [-10, '10:44'], text: 'Delivered, handed over at the door', place: 'Groningen' },
      { at: [-11, '22:30'], text: 'Landed', place: 'Amsterdam airport' },
      { at: [-12, '15:00'], text: 'Handed to Comet Express', place: 'ACME warehouse, Dublin' },
    ],
  },
  {
    id: '1020',
    customer: { name: 'Róisín Daly', email: 'roisin.daly@mail.test', city: 'Kilkenny', country: 'Ireland' },
    placed: [-18, '10:10'],
    status: 'cancelled',
    lines: [{ sku: 'LP-GLOW', name: 'Glow camping lantern', quantity: 1, unitPrice: 59 }],
    shippingMethod: 'standard',
    shippingCost: 0,
    payment: 'Apple Pay',
    events: [
      { at: [-17, '09:20'], text: 'Cancelled by ACME: sold out. Refunded at once, with a voucher for €10' },
      { at: [-18, '10:10'], text: 'Order received' },
    ],
    noInvoice: 'We had to cancel the order before dispatch, because the lantern was sold out. So there is no invoice.',
  },
  {
    id: '1019',
    customer: { name: 'Declan Foley', email: 'declan.foley@mail.test', city: 'Tralee', country: 'Ireland' },
    placed: [-6, '13:30'],
    status: 'delivered',
    lines: [
      { sku: 'KD-PUDDLE-116', name: 'Puddle rain suit, children, 110–116', quantity: 2, unitPrice: 44 },
      { sku: 'KD-BOOT-30', name: 'Tadpole rubber boots, children, 30', quantity: 1, unitPrice: 29 },
    ],
    shippingMethod: 'express',
    shippingCost: 9.9,
    payment: 'ACME gift card and Visa ending in 1184',
    carrier: 'Comet Express',
    trackingNumber: 'CX-4410019-IE',
    shipped: [-6, '16:00'],
    delivered: [-5, '12:15'],
    events: [
      { at: [-5, '12:15'], text: 'Delivered, left in the safe place (garden shed)', place: 'Tralee' },
      { at: [-6, '16:00'], text: 'Handed to Comet Express', place: 'ACME warehouse, Dublin' },
    ],
    note: "Children's clothes and shoes are charged at 0 % VAT in Ireland.",
  },
  {
    id: '10001',
    customer: { name: 'Camille Petit', email: 'camille.petit@mail.test', city: 'Nantes', country: 'France' },
    placed: [-1, '20:08'],
    status: 'received',
    lines: [{ sku: 'BP-PEBBLE', name: 'Pebble daypack, engraved name tag', quantity: 1, unitPrice: 69 }],
    shippingMethod: 'standard',
    shippingCost: 8.9,
    payment: 'Visa ending in 7443',
    eta: { from: [5, '09:00'], until: [7, '18:00'] },
    events: [{ at: [-1, '20:08'], text: 'Order received; the name tag is being engraved' }],
    note: 'Personalised: it can no longer be changed, cancelled or returned.',
    noInvoice: NOT_SHIPPED,
  },
];

/** Order data as the shop's API shows it, as of `now`. */
export function describeOrder(order: OrderFixture, now: Date): OrderView {
  const goods = goodsTotal(order);
  return {
    id: order.id,
    status: order.status,
    status_text: STATUS_TEXT[order.status],
    placed_at: instant(order.placed, now),
    customer: { ...order.customer },
    items: order.lines.map((line) => ({
      sku: line.sku,
      name: line.name,
      quantity: line.quantity,
      unit_price: line.unitPrice,
      total: cents(line.quantity * line.unitPrice),
    })),
    goods_total: goods,
    shipping_method: order.shippingMethod,
    shipping_cost: order.shippingCost,
    total: cents(goods + order.shippingCost),
    currency: 'EUR',
    payment_method: order.payment,
    note: order.note ?? null,
  };
}

/** Where the parcel is, as of `now`; events newest first. */
export function describeTracking(order: OrderFixture, now: Date): TrackingView {
  const events = order.events.map((event) => ({
    at: instant(event.at, now),
    text: event.text,
    place: event.place ?? null,
  }));
  const eta = expectedArrival(order, now);
  return {
    order_id: order.id,
    status: order.status,
    status_text: STATUS_TEXT[order.status],
    carrier: order.carrier ?? null,
    tracking_number: order.trackingNumber ?? null,
    destination: `${order.customer.city}, ${order.customer.country}`,
    eta: eta && typeof eta !== 'string' ? { from: eta.from.toISOString(), until: eta.until.toISOString() } : null,
    eta_text: typeof eta === 'string' ? eta : eta ? windowInWords(eta, now) : null,
    delivered_at: order.delivered ? instant(order.delivered, now) : null,
    last_event: events[0] ?? null,
    events,
    note: order.note ?? null,
  };
}

/** The invoice of an order, or why there is none, as of `now`. */
export function describeInvoice(order: OrderFixture, now: Date): InvoiceView {
  const total = cents(goodsTotal(order) + order.shippingCost);
  const issuedAt = order.noInvoice ? undefined : (order.shipped ?? order.delivered);
  const rate = vatRate(order);
  // A total of what carries VAT: children's clothes and shoes (SKU `KD-`) are zero-rated in Ireland.
  const zeroRated =
    order.customer.country === 'Ireland'
      ? order.lines.filter((line) => line.sku.startsWith('KD-')).reduce((sum, l) => sum + l.quantity * l.unitPrice, 0)
      : 0;
  const vat = order.noInvoice ? 0 : cents(((total - zeroRated) * rate) / (100 + rate));
  return {
    order_id: order.id,
    status: issuedAt ? 'issued' : 'not_issued',
    invoice_id: issuedAt ? `INV-${order.id}` : null,
    issued_at: issuedAt ? instant(issuedAt, now) : null,
    customer: { name: order.customer.name, email: order.customer.email },
    net: cents(total - vat),
    vat_rate: order.noInvoice ? 0 : rate,
    vat,
    total,
    currency: 'EUR',
    net_text: euros(cents(total - vat)),
    vat_text: euros(vat),
    total_text: euros(total),
    payment_method: order.payment,
    vat_note: order.vatNumber
      ? `Reverse charge, VAT number ${order.vatNumber}`
      : rate === 0
        ? 'Export, without VAT'
        : zeroRated > 0
          ? "Children's clothes and shoes at 0 %"
          : null,
    reason: order.noInvoice ?? null,
  };
}

function goodsTotal(order: OrderFixture): number {
  return cents(order.lines.reduce((sum, line) => sum + line.quantity * line.unitPrice, 0));
}

function vatRate(order: OrderFixture): number {
  return order.vatNumber ? 0 : (VAT_RATES[order.customer.country] ?? 0);
}

function expectedArrival(order: OrderFixture, now: Date): { from: Date; until: Date } | string | undefined {
  if (order.status === 'out_for_delivery') return deliveryWindow(now);
  if (order.eta === undefined || typeof order.eta === 'string') return order.eta;
  return { from: moment(order.eta.from, now), until: moment(order.eta.until, now) };
}

/** A van that is on the road arrives this afternoon, later this evening, or, when the day is over, tomorrow morning. */
function deliveryWindow(now: Date): { from: Date; until: Date } {
  const { hour } = clockInDublin(now);
  const at = (days: number, time: string): Date => dublinInstant(new Date(now.getTime() + days * 86_400_000), time);
  if (!isSunday(now) && hour < 12) return { from: at(0, '13:00'), until: at(0, '17:00') };
  if (!isSunday(now) && hour < 18) return { from: at(0, `${hour + 1}:00`), until: at(0, `${hour + 3}:00`) };
  const days = isSunday(new Date(now.getTime() + 86_400_000)) ? 2 : 1;
  return { from: at(days, '09:00'), until: at(days, '13:00') };
}

function windowInWords(window: { from: Date; until: Date }, now: Date): string {
  const from = clockInDublin(window.from);
  const until = clockInDublin(window.until);
  const day = (clock: typeof from): string => {
    if (clock.date === clockInDublin(now).date) return 'today';
    if (clock.date === clockInDublin(new Date(now.getTime() + 86_400_000)).date) return 'tomorrow';
    return clock.longDate;
  };
  if (from.date === until.date) return `${day(from)} between ${from.time} and ${until.time}`;
  return `between ${day(from)} and ${day(until)}`;
}

function moment(when: When, now: Date): Date {
  if ('minutesAgo' in when) return new Date(now.getTime() - when.minutesAgo * 60_000);
  return dublinInstant(addWorkingDays(now, when[0]), when[1]);
}

function instant(when: When, now: Date): string {
  return moment(when, now).toISOString();
}

function euros(amount: number): string {
  return `€${amount.toLocaleString('en-IE', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;
}

function cents(amount: number): number {
  return Math.round(amount * 100) / 100;
}
