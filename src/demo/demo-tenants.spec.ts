import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { Liquid } from 'liquidjs';
import mammoth from 'mammoth';
import { CANDIDATES } from './data/candidates.js';
import { describeInvoice, describeTracking, ORDERS } from './data/orders.js';
import { VACANCIES } from './data/vacancies.js';
import { DEMO_TENANTS } from './demo-tenants.js';
import type { DemoAgent, DemoDocument, DemoTenant } from './demo-tenant.types.js';

const DOCUMENTS = join(process.cwd(), 'src', 'demo', 'documents');
const EVALS = join(process.cwd(), 'test', 'evals');
const NOW = new Date('2026-03-04T09:30:00Z');

function tenant(slug: string): DemoTenant {
  const found = DEMO_TENANTS.find((candidate) => candidate.slug === slug);
  if (!found) throw new Error(`no demo tenant ${slug}`);
  return found;
}

function agent(slug: string, key: string): DemoAgent {
  const found = tenant(slug).agents.find((candidate) => candidate.key === key);
  if (!found) throw new Error(`no demo agent ${key}`);
  return found;
}

function documentsOf({ knowledgeBases }: DemoTenant): DemoDocument[] {
  return knowledgeBases.flatMap((base) => (base.kind === 'documents' ? base.documents : []));
}

const unique = (values: readonly string[]): boolean => new Set(values).size === values.length;

describe('the demo tenants', () => {
  it('have the users of the public contract', () => {
    expect(DEMO_TENANTS.flatMap(({ users }) => users.map(({ email }) => email)).sort()).toEqual([
      'admin@acme.test',
      'admin@jobs.test',
      'employer@jobs.test',
      'root@platform.test',
      'seeker@jobs.test',
      'supporter@acme.test',
      'user@acme.test',
    ]);
  });

  it.each(DEMO_TENANTS.map((demo) => [demo.slug, demo] as const))('are consistent: %s', (_slug, demo) => {
    expect(unique(demo.agents.map(({ key }) => key))).toBe(true);
    expect(unique(demo.tools.map(({ key }) => key))).toBe(true);
    const bases = new Map(demo.knowledgeBases.map((base) => [base.name, base]));
    const personas = demo.users.map(({ persona }) => persona);
    for (const one of demo.agents) {
      expect(one.examples.length).toBeGreaterThanOrEqual(12);
      expect(unique(one.examples)).toBe(true);
      for (const persona of one.personas) expect(personas).toContain(persona);
      if (one.kind === 'domain') {
        for (const key of one.tools) expect(demo.tools.map((tool) => tool.key)).toContain(key);
      }
      if (one.kind === 'knowledge') {
        for (const name of one.knowledgeBases) expect(bases.get(name)?.kind).toBe('documents');
      }
      if (one.kind === 'matching') {
        expect(bases.get(one.knowledgeBase)?.kind).toBe('records');
        expect(one.criteria.reduce((sum, { weight }) => sum + weight, 0)).toBeCloseTo(1);
      }
    }
  });

  it('give no two agents of one persona the same example', () => {
    for (const demo of DEMO_TENANTS) expect(unique(demo.agents.flatMap(({ examples }) => examples))).toBe(true);
  });

  it('ask for arguments whose own examples are valid', () => {
    for (const tool of DEMO_TENANTS.flatMap(({ tools }) => tools)) {
      const properties = tool.inputSchema['properties'] as Record<string, { pattern?: string; examples: string[] }>;
      for (const property of Object.values(properties)) {
        for (const example of property.examples) expect(example).toMatch(new RegExp(property.pattern ?? '@'));
      }
      const asked = [...tool.config.url.matchAll(/\{\{(\w+)\}\}/g)].map((match) => match[1]);
      expect(asked.filter((name) => name !== 'base').every((name) => name !== undefined && name in properties)).toBe(
        true,
      );
    }
  });
});

describe('the demo documents', () => {
  it('are there, at least twelve for the shop, each with its own title', () => {
    for (const demo of DEMO_TENANTS) {
      const documents = documentsOf(demo);
      for (const { file } of documents) expect(statSync(join(DOCUMENTS, file)).size).toBeGreaterThan(1000);
      expect(unique(documents.map(({ title }) => title))).toBe(true);
    }
    expect(documentsOf(tenant('acme')).length).toBeGreaterThanOrEqual(12);
  });

  it('include a real PDF and a DOCX with headings and a table', async () => {
    expect(readFileSync(join(DOCUMENTS, 'acme/warranty-terms.pdf')).subarray(0, 5).toString()).toBe('%PDF-');
    const { value, messages } = await mammoth.convertToHtml({
      path: join(DOCUMENTS, 'acme/business-customer-terms.docx'),
    });
    expect(messages).toEqual([]);
    expect(value).toMatch(/<h1>Terms for business customers<\/h1>.*<h2>.*<table>/s);
  });
});

describe('the records of the job portal', () => {
  it('are at least 60 vacancies and 40 candidates with ids of their own, in at least eight fields', () => {
    expect(VACANCIES.length).toBeGreaterThanOrEqual(60);
    expect(CANDIDATES.length).toBeGreaterThanOrEqual(40);
    expect(unique(VACANCIES.map(({ id }) => id))).toBe(true);
    expect(unique(CANDIDATES.map(({ id }) => id))).toBe(true);
    expect(new Set(VACANCIES.map(({ field }) => field)).size).toBeGreaterThanOrEqual(8);
    const fields = new Set(VACANCIES.map(({ field }) => field));
    for (const { field } of CANDIDATES) expect(fields).toContain(field);
  });

  it.each(VACANCIES.map((vacancy) => [vacancy.id, vacancy] as const))('describe %s in full', (_id, vacancy) => {
    const words = vacancy.description.split(/\s+/).length;
    expect(words).toBeGreaterThanOrEqual(60);
    expect(words).toBeLessThanOrEqual(120);
    expect(vacancy.salary_min).toBeLessThanOrEqual(vacancy.salary_max);
    expect(vacancy.skills.length).toBeGreaterThanOrEqual(3);
    expect(vacancy.languages.length).toBeGreaterThanOrEqual(1);
  });

  it('hold good and bad matches for both profiles', () => {
    const { cases } = JSON.parse(readFileSync(join(EVALS, 'jobs-matching.json'), 'utf8')) as {
      cases: { user: string; knowledge_base: string; good: string[]; bad: string[] }[];
    };
    for (const golden of cases) {
      const user = tenant('jobs').users.find(({ email }) => email === golden.user);
      const profile = user?.attributes['profile'] as { skills: string[] };
      const records: readonly { id: string; skills: readonly string[] }[] =
        golden.knowledge_base === 'Vacancies' ? VACANCIES : CANDIDATES;
      const shared = (id: string): number => {
        const skills = records.find((record) => record.id === id)?.skills;
        if (!skills) throw new Error(`no record ${id}`);
        return skills.filter((skill) => profile.skills.includes(skill)).length;
      };
      for (const id of golden.good) expect(shared(id)).toBeGreaterThanOrEqual(3);
      for (const id of golden.bad) expect(shared(id)).toBe(0);
    }
  });
});

describe('answers without a model', () => {
  const liquid = new Liquid({ strictFilters: true });
  const render = async (key: string, scope: Record<string, unknown>): Promise<string> => {
    const { answerTemplate } = agent('acme', key);
    if (answerTemplate === null) throw new Error(`${key} has no template`);
    return (await liquid.parseAndRender(answerTemplate, scope)) as string;
  };
  const order = (id: string) => {
    const found = ORDERS.find((candidate) => candidate.id === id);
    if (!found) throw new Error(`no order ${id}`);
    return found;
  };

  it('say where an order is', async () => {
    const answer = await render('tracking', {
      get_order_tracking: describeTracking(order('1042'), NOW),
      language: 'en',
    });
    expect(answer).toBe(
      [
        'Order **1042** is **out for delivery**. Expected: **today between 13:00 and 17:00**.',
        '',
        'Carrier: Swift Parcel, tracking number SP 7730 4410 42 IE, to Dublin, Ireland.',
        '',
        'What happened so far:',
        '',
        '- Wed 4 Mar, 08:55: On the van, out for delivery – Dublin South depot',
        '- Wed 4 Mar, 07:10: Sorted at the delivery depot – Dublin South depot',
        '- Tue 3 Mar, 16:40: Handed to Swift Parcel – ACME warehouse, Dublin',
        '- Tue 3 Mar, 09:12: Packed – ACME warehouse, Dublin',
        '',
        'You chose a safe place: if nobody is at home, the driver leaves the parcel there.',
      ].join('\n'),
    );
  });

  it.each(['en', 'es', 'de', 'fr', undefined])('never leave a gap, whatever the order, in %s', async (language) => {
    for (const one of ORDERS) {
      const tracking = await render('tracking', { get_order_tracking: describeTracking(one, NOW), language });
      const invoice = await render('invoice', { get_invoice: describeInvoice(one, NOW), language });
      for (const answer of [tracking, invoice]) {
        expect(answer).toContain(one.id);
        expect(answer).not.toMatch(/\*\*\*\*|undefined|null|NaN|\{\{|\(\)| [.,] |\n{3}/);
        expect(answer).toBe(answer.trim());
      }
    }
  });

  it('say that an invoice was sent, and where to', async () => {
    const sent = { status: 'sent', invoice_id: 'INV-1042', order_id: '1042', email: 'ana@mail.test' };
    const invoice = describeInvoice(order('1042'), NOW);
    const both = await render('invoice', { get_invoice: invoice, send_invoice: sent, language: 'en' });
    expect(both).toMatch(/^I have sent invoice \*\*INV-1042\*\* to \*\*ana@mail\.test\*\*/);
    expect(both).toContain('€183.50');
    expect(both).not.toContain('tell me the address');
    expect(await render('invoice', { send_invoice: sent, language: 'de' })).toBe(
      'Die Rechnung **INV-1042** habe ich an **ana@mail.test** geschickt.',
    );
  });

  it.each([
    ['Write a LinkedIn post about our summer sale.', 'en', '**Our summer sale**'],
    ['I need a LinkedIn post: we are hiring', 'en', '**We are hiring**'],
    ['Escribe una publicación de LinkedIn sobre nuestra tienda', 'es', '**Nuestra tienda**'],
    ['Schreib einen LinkedIn-Beitrag über unsere Werkstatt', 'de', '**Unsere Werkstatt**'],
    ['Draft a LinkedIn post on our new repair workshop', 'en', '**Our new repair workshop**'],
    ['Help me announce our new backpack on LinkedIn', 'en', '**Our new backpack**'],
    ['LinkedIn', 'en', '**LinkedIn**'],
  ])('write a post for "%s"', async (message, language, headline) => {
    const post = await render('linkedin', { message, language });
    expect(post.split('\n')[0]).toBe(headline);
    expect(post).toContain('#ACME');
  });
});

describe('the golden sets', () => {
  interface Question {
    question: string;
    document: string | null;
    key_phrase: string | null;
  }

  it('route to agents that exist, with sentences that are no examples', () => {
    const { cases } = JSON.parse(readFileSync(join(EVALS, 'acme-routing.json'), 'utf8')) as {
      cases: { message: string; expected: string[] }[];
    };
    const known = [...tenant('acme').agents.map(({ key }) => key), 'human_request', 'chitchat', 'unclear'];
    const examples = new Set(tenant('acme').agents.flatMap((one) => one.examples));
    expect(cases).toHaveLength(30);
    for (const { message, expected } of cases) {
      expect(known).toEqual(expect.arrayContaining(expected));
      expect(examples.has(message)).toBe(false);
    }
  });

  it('expect phrases that stand in the documents', async () => {
    const { cases } = JSON.parse(readFileSync(join(EVALS, 'acme-questions.json'), 'utf8')) as { cases: Question[] };
    expect(cases).toHaveLength(40);
    expect(cases.filter(({ document }) => document === null)).toHaveLength(5);
    for (const { document: title, key_phrase: phrase } of cases) {
      if (title === null || phrase === null) continue;
      const document = documentsOf(tenant('acme')).find((candidate) => candidate.title === title);
      if (!document) throw new Error(`no document "${title}"`);
      // What is in a PDF is read by the parser's own tests; its streams are compressed.
      if (document.mimeType === 'application/pdf') continue;
      expect(await plainText(document)).toContain(phrase);
    }
  });

  async function plainText({ file }: DemoDocument): Promise<string> {
    const path = join(DOCUMENTS, file);
    const text = file.endsWith('.docx') ? (await mammoth.extractRawText({ path })).value : readFileSync(path, 'utf8');
    return text
      .replace(/<[^>]+>/g, ' ')
      .replaceAll('&euro;', '€')
      .replaceAll(/[*_`]/g, '')
      .replace(/\s+/g, ' ');
  }
});
