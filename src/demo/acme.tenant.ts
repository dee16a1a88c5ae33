import { INVOICE_TEMPLATE, LINKEDIN_TEMPLATE, TRACKING_TEMPLATE } from './answer-templates.js';
import type { DemoTenant } from './demo-tenant.types.js';

const ORDER_ID = {
  type: 'string',
  title: 'order number',
  description: 'The number of the order: four to six digits, for example 1042. It is in the confirmation email.',
  pattern: '^[0-9]{4,6}$',
  examples: ['1042', '1017', '10001'],
  'x-labels': {
    en: 'the order number (four to six digits, for example 1042)',
    es: 'el número de pedido (de cuatro a seis cifras, por ejemplo 1042)',
    de: 'die Bestellnummer (vier bis sechs Ziffern, zum Beispiel 1042)',
  },
} as const;

const MARKDOWN = 'text/markdown';

/** The shop: agents that look orders up, an agent that knows the help centre, and one that writes posts. */
export const ACME: DemoTenant = {
  slug: 'acme',
  name: 'ACME',
  language: 'en',
  entitlements: ['search_knowledge'],
  users: [
    {
      email: 'user@acme.test',
      name: 'Ana Byrne',
      role: 'end_user',
      persona: 'customer',
      description:
        'A customer in Dublin. Her order 1042 is out for delivery, 1043 has just been placed, 1017 is delivered.',
      attributes: { city: 'Dublin', country: 'Ireland', loyalty_level: 'Silver', orders: ['1042', '1043', '1017'] },
    },
    {
      email: 'supporter@acme.test',
      name: 'Darragh Lynch',
      role: 'supporter',
      persona: null,
      description: 'Works in customer service and takes over conversations that need a person.',
      attributes: { languages: ['English', 'German'] },
    },
    {
      email: 'admin@acme.test',
      name: 'Siobhán Kearney',
      role: 'tenant_admin',
      persona: null,
      description: 'Runs the shop: uploads documents, looks after agents and settings.',
      attributes: {},
    },
  ],
  knowledgeBases: [
    {
      kind: 'documents',
      name: 'Help centre',
      description:
        'Policies and help pages of the shop: returns, delivery, warranty, payment, invoices, accounts and more.',
      language: 'en',
      documents: [
        { file: 'acme/returns-and-refunds.md', title: 'Returns and refunds', mimeType: MARKDOWN },
        { file: 'acme/shipping-and-delivery.md', title: 'Shipping and delivery', mimeType: MARKDOWN },
        { file: 'acme/tracking-your-order.md', title: 'Tracking your order', mimeType: MARKDOWN },
        { file: 'acme/warranty-terms.pdf', title: 'Warranty terms', mimeType: 'application/pdf' },
        { file: 'acme/payment-methods.md', title: 'Payment methods', mimeType: MARKDOWN },
        { file: 'acme/invoices-and-vat.md', title: 'Invoices and VAT', mimeType: MARKDOWN },
        {
          file: 'acme/order-changes-and-cancellation.md',
          title: 'Changing or cancelling an order',
          mimeType: MARKDOWN,
        },
        { file: 'acme/damaged-or-missing-parcels.md', title: 'Damaged, missing or wrong items', mimeType: MARKDOWN },
        { file: 'acme/gift-cards.html', title: 'Gift cards', mimeType: 'text/html' },
        { file: 'acme/loyalty-programme.md', title: 'ACME Trails, our loyalty programme', mimeType: MARKDOWN },
        { file: 'acme/privacy.md', title: 'Privacy at ACME', mimeType: MARKDOWN },
        { file: 'acme/account-and-password.md', title: 'Your account and password', mimeType: MARKDOWN },
        { file: 'acme/sustainability-and-packaging.md', title: 'Sustainability and packaging', mimeType: MARKDOWN },
        {
          file: 'acme/business-customer-terms.docx',
          title: 'Terms for business customers',
          mimeType: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
        },
        { file: 'acme/stores-and-contact.txt', title: 'Store opening hours and contact', mimeType: 'text/plain' },
        { file: 'acme/size-guide.csv', title: 'Size guide', mimeType: 'text/csv' },
        { file: 'acme/price-match.md', title: 'Price match', mimeType: MARKDOWN },
        { file: 'acme/product-safety-and-recalls.html', title: 'Product safety and recalls', mimeType: 'text/html' },
      ],
    },
  ],
  tools: [
    {
      key: 'get_order_tracking',
      kind: 'http',
      name: 'Order tracking',
      description:
        'Looks up where one order is: its status, carrier, tracking number, expected arrival and latest events. Needs the order number.',
      readOnly: true,
      idempotent: true,
      config: { method: 'GET', url: '{{base}}/orders/{{order_id}}/tracking' },
      inputSchema: { type: 'object', properties: { order_id: ORDER_ID }, required: ['order_id'] },
    },
    {
      key: 'get_invoice',
      kind: 'http',
      name: 'Invoice',
      description:
        'Looks up the invoice of one order: number, date, net sum, VAT and total, or the reason why there is none. Needs the order number.',
      readOnly: true,
      idempotent: true,
      config: { method: 'GET', url: '{{base}}/orders/{{order_id}}/invoice' },
      inputSchema: { type: 'object', properties: { order_id: ORDER_ID }, required: ['order_id'] },
    },
    {
      key: 'send_invoice',
      kind: 'http',
      name: 'Send an invoice by email',
      description:
        'Sends the PDF of an order’s invoice to an email address. Use it only when the customer asks for the invoice to be sent or emailed, and gives the address.',
      readOnly: false,
      idempotent: true,
      config: { method: 'POST', url: '{{base}}/invoices/INV-{{order_id}}/send' },
      inputSchema: {
        type: 'object',
        properties: {
          order_id: ORDER_ID,
          email: {
            type: 'string',
            format: 'email',
            maxLength: 254,
            title: 'email address',
            description: 'The address that the invoice is sent to.',
            examples: ['name@example.com'],
            'x-labels': {
              en: 'the email address for the invoice',
              es: 'la dirección de correo para la factura',
              de: 'die E-Mail-Adresse für die Rechnung',
            },
          },
        },
        required: ['order_id', 'email'],
      },
    },
  ],
  agents: [
    {
      key: 'tracking',
      kind: 'domain',
      name: 'Order tracking',
      description:
        'Says where one particular order or parcel is, its status and when it will arrive, by its order number.',
      personas: [],
      tools: ['get_order_tracking'],
      instructions: `You tell customers of the shop ACME where their order is.
Use only what get_order_tracking returns; never guess a date, a place or a carrier. If the order number is missing, ask for it in one short sentence.
Begin with the status and the expected arrival, in one sentence. Then give the carrier and tracking number, and the latest event if it explains something. If the order is delayed, failed or under investigation, say what happens next as far as the note tells it.
All times are Irish time. Do not repeat names, streets or payment details. Keep it under 80 words, friendly and plain, in the customer's language.`,
      answerTemplate: TRACKING_TEMPLATE,
      examples: [
        'Where is my order 1042?',
        'Where is my parcel?',
        'Track order 1038',
        'What is the status of my order 1041?',
        'When will order 1036 arrive?',
        'Has my package been shipped yet?',
        'My parcel has not moved for days, order 1023',
        'Is 1042 coming today?',
        'Tracking number for order 1037 please',
        'Did you deliver my order 1030? I cannot find it',
        'Which carrier has my order?',
        'Order 1033 says delivery failed, what now?',
        '¿Dónde está mi pedido 1039?',
        '¿Cuándo llega mi paquete?',
        'Estado del pedido 1042',
        'Wo ist meine Bestellung 1038?',
        'Wann kommt mein Paket an?',
        'Sendungsverfolgung für Bestellung 1042',
      ],
    },
    {
      key: 'invoice',
      kind: 'domain',
      name: 'Invoices',
      description:
        'Shows the invoice of one particular order with its sum and VAT, and sends it by email, by the order number.',
      personas: [],
      tools: ['get_invoice', 'send_invoice'],
      instructions: `You help customers of the shop ACME with the invoice of a particular order.
Use get_invoice to look it up. Use send_invoice only if the customer asks to have it sent and has given an email address; if the address is missing, ask for it. Never invent an address or a sum.
Give the invoice number, date, total and VAT. If there is no invoice, give the reason that the tool returns, kindly. General questions about VAT or about changing invoices are answered by the help centre, not by you.
Keep it under 80 words, in the customer's language.`,
      answerTemplate: INVOICE_TEMPLATE,
      examples: [
        'Send me the invoice for order 1042',
        'I need the invoice of order 1017',
        'Can I get a receipt for 1021?',
        'Email the invoice for order 1030 to me@example.com',
        'Show me the bill for order 1025',
        'How much VAT did I pay on order 1042?',
        'What was the total of my order 1019?',
        'I have not received an invoice for order 1043',
        'Please resend invoice INV-1024',
        'Download invoice 1026',
        'Why is there no invoice for order 1029?',
        'Envíame la factura del pedido 1042',
        'Necesito la factura de mi pedido',
        '¿Me puedes mandar la factura 1025 por correo?',
        'Schick mir bitte die Rechnung zur Bestellung 1042',
        'Ich brauche die Rechnung für meine Bestellung',
        'Rechnung 1038 bitte per E-Mail senden',
      ],
    },
    {
      key: 'support',
      kind: 'knowledge',
      name: 'Help centre',
      description:
        'Answers general questions from the help pages: returns, refunds, delivery times and costs, warranty, repairs, payment, VAT rules, cancelling, damaged or missing items, gift cards, loyalty points, account, privacy, sizes, shops and opening hours, business customers, recalls.',
      personas: [],
      knowledgeBases: ['Help centre'],
      topK: 6,
      instructions: `You answer customers of the shop ACME from its help pages, and from nothing else.
Give the answer in the first sentence, with the exact number, deadline or price, then the exceptions that matter for this customer. If the pages do not answer the question, say so and tell how to reach customer service; do not fill the gap with what shops usually do.
Cite the passages you used. Keep it under 120 words, plain and friendly, in the customer's language. Names of buttons and menus stay as they are in the pages.`,
      answerTemplate: null,
      examples: [
        'What is your returns policy?',
        'How do refunds work?',
        'How long does delivery to Germany take and what does it cost?',
        'What does the warranty cover?',
        'Can I pay with PayPal or in instalments?',
        'Can I still cancel or change my order?',
        'My item arrived broken, what should I do?',
        'How long is a gift card valid?',
        'How do I reset my password?',
        'What size should I take for hiking boots?',
        'When does the shop in Cork open?',
        'How many points do I need for a voucher?',
        'Do you match prices of other shops?',
        'Do you offer discounts for companies?',
        'Is my camping stove affected by a recall?',
        '¿Cuál es la política de devoluciones?',
        '¿Cuánto cuesta el envío a España?',
        '¿Cómo puedo cancelar un pedido?',
        'Wie kann ich etwas zurückgeben?',
        'Wie lange habe ich Garantie?',
        'Welche Zahlungsarten gibt es?',
      ],
    },
    {
      key: 'linkedin',
      kind: 'writer',
      name: 'LinkedIn posts',
      description: 'Writes a LinkedIn post for the company from a topic or a few notes.',
      personas: [],
      instructions: `You write LinkedIn posts for ACME, a shop for outdoor gear in Dublin with its own repair workshop.
Write one post from the request. Open with a line that makes people stop, without a question mark and without "excited to announce". Then 80 to 180 words in short paragraphs: one idea, one concrete detail, one honest sentence. End with a question to the readers and three to five hashtags.
Do not invent figures, names, prices or dates: use those in the request, or leave a gap in [square brackets]. No emojis unless asked for. Write in the language of the request. Answer with the post only.`,
      answerTemplate: LINKEDIN_TEMPLATE,
      examples: [
        'Write a LinkedIn post about our summer sale',
        'Draft a LinkedIn post on our new repair workshop',
        'Create a post for LinkedIn announcing the opening in Galway',
        'Can you write something for LinkedIn about sustainability?',
        'LinkedIn post: we are hiring a customer support agent',
        'Make a social media post for our company page about repairing tents',
        'I need a professional post about our team event',
        'Turn these notes into a LinkedIn post',
        'Help me announce our new backpack on LinkedIn',
        'Escribe una publicación de LinkedIn sobre nuestra tienda',
        'Redacta un post para LinkedIn sobre el reciclaje',
        'Schreib einen LinkedIn-Beitrag über unsere Werkstatt',
        'Erstelle einen Post für LinkedIn über Nachhaltigkeit',
      ],
    },
  ],
  people: {
    rules: {
      failures: 3,
      keywords: [
        { word: 'lawyer', skill: 'complaints' },
        { word: 'abogado', skill: 'complaints' },
        { word: 'Anwalt', skill: 'complaints' },
      ],
    },
    cannedReplies: [
      {
        title: 'Hello',
        content: 'Hello, I have read what you wrote and am looking into it now. One moment, please.',
        language: 'en',
      },
      {
        title: 'Order number, please',
        content: 'Could you give me the order number? It is in the confirmation email, four to six digits.',
        language: 'en',
      },
      {
        title: 'Return label',
        content: 'I have sent you a return label by email. Stick it on the parcel and hand it in at any post office.',
        language: 'en',
      },
    ],
  },
  texts: {
    greeting: {
      en: 'Hello, I am the assistant of ACME. Ask me where an order is, for an invoice, or about returns, delivery, warranty and everything else in our help pages.',
      es: 'Hola, soy el asistente de ACME. Pregúntame por un pedido, por una factura o por devoluciones, envíos, garantía y todo lo demás de nuestras páginas de ayuda.',
      de: 'Hallo, ich bin der Assistent von ACME. Fragen Sie mich nach einer Bestellung, einer Rechnung oder nach Rückgabe, Versand, Garantie und allem anderen auf unseren Hilfeseiten.',
    },
    humanHelp: {
      en: 'You can reach our customer service at +353 20 915 0142, Monday to Friday 08:00–20:00 and Saturday 09:00–17:00 (Irish time), or at help@acme.test, where we answer within one working day. Please have your order number ready. You are also welcome in our shops: 14 Harbour Street in Dublin, 3 Mill Lane in Cork and 27 Spanish Row in Galway.',
      es: 'Puedes hablar con nuestro equipo en el +353 20 915 0142, de lunes a viernes de 8:00 a 20:00 y los sábados de 9:00 a 17:00 (hora de Irlanda; en español, de lunes a viernes de 9:00 a 17:00), o escribir a help@acme.test: respondemos en un día laborable. Ten a mano tu número de pedido. También puedes visitarnos en Dublín (14 Harbour Street), Cork (3 Mill Lane) y Galway (27 Spanish Row).',
      de: 'Unseren Kundendienst erreichen Sie unter +353 20 915 0142, Montag bis Freitag 8–20 Uhr und Samstag 9–17 Uhr (irische Zeit; auf Deutsch Montag bis Freitag 9–17 Uhr), oder unter help@acme.test, wo wir innerhalb eines Werktags antworten. Bitte halten Sie Ihre Bestellnummer bereit. Sie finden uns auch in unseren Läden in Dublin (14 Harbour Street), Cork (3 Mill Lane) und Galway (27 Spanish Row).',
    },
    unclear: {
      en: 'I am not sure what you need. I can look up an order or an invoice if you give me the order number (for example "Where is order 1042?"), or answer questions such as "How do I return something?"',
      es: 'No estoy seguro de lo que necesitas. Puedo buscar un pedido o una factura si me das el número (por ejemplo, «¿Dónde está el pedido 1042?») o responder a preguntas como «¿Cómo devuelvo un artículo?».',
      de: 'Ich bin nicht sicher, was Sie brauchen. Mit der Bestellnummer finde ich Ihre Bestellung oder Rechnung (zum Beispiel „Wo ist die Bestellung 1042?“), oder ich beantworte Fragen wie „Wie gebe ich etwas zurück?“',
    },
  },
};
