import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '#platform/paths';
import { passage } from '../../../../test/support/agent-fakes.js';
import { extract } from './extraction.js';

const RETURNS = passage(
  `## How long you have

- Online orders: 30 days, counted from the day the parcel was delivered or collected.
- ACME Trails Gold members: 60 days.

## When you get your money

We check a return within **5 working days** of its arrival. Cards then need another 2 to 5 working days.

## What a return costs

| Return from | By post | In a shop |
|---|---|---|
| Ireland (Zone 1) | €4.90 per return | free |
| Zone 2 countries | €9.90 per return | free |`,
  { title: 'Returns and refunds' },
);

it('quotes the sentence that answers, with its marker', () => {
  const [first] = extract('When do I get my money back after a return?', [RETURNS]);
  expect(first).toMatch(/^We check a return within 5 working days.* \[1\]$/);
});

it('quotes a list whole, since a step alone answers little', () => {
  const [first] = extract('How many days do online orders have?', [RETURNS]);
  expect(first).toContain('30 days');
  expect(first).toContain('60 days');
  expect(first?.endsWith('[1]')).toBe(true);
});

it('reads table rows together with their header', () => {
  const [first] = extract('What does a return by post from Ireland cost?', [RETURNS]);
  expect(first).toContain('By post €4.90 per return');
});

it('quotes nothing when the passages speak of something else', () => {
  expect(extract('Who is the chief executive?', [RETURNS])).toEqual([]);
  expect(extract('', [RETURNS])).toEqual([]);
  expect(extract('refund', [])).toEqual([]);
});

it('quotes a price where the cost is asked for, and the whole table when no row is meant', () => {
  const [first] = extract('What does a return cost?', [RETURNS]);
  expect(first).toMatch(/^\| Return from .*\n\|---.*\n\| Ireland .*€4\.90.*\n\| Zone 2 .*\n\n\[1\]$/);
});

it('prefers the sentence with a time where a time is asked for', () => {
  const credit = passage('When you return something we email a credit note. The invoice stays as it is.', {
    title: 'Invoices',
    documentId: 'other',
  });
  const [first] = extract('How long do I have to return something?', [credit, RETURNS]);
  expect(first).toMatch(/30 days[^]* \[2\]$/);
});

it('gives the beginning of the document whose title is asked for', () => {
  const start = passage('You can return almost anything within 30 days. The sections below say how.', {
    title: 'Returns and refunds',
    section: 'Returns and refunds',
    chunkId: 'start',
  });
  const [first] = extract('What is your returns policy?', [
    { ...RETURNS, section: 'Returns and refunds > Costs' },
    start,
  ]);
  expect(first).toMatch(/^You can return almost anything within 30 days\..* \[2\]$/);
});

it('says the same thing only once when chunks overlap', () => {
  const parts = extract('When do I get my money back after a return?', [RETURNS, { ...RETURNS, chunkId: 'other' }]);
  expect(parts).toHaveLength(1);
});

it('finds the key phrase in a real page', () => {
  const text = readFileSync(join(projectRoot, 'src/demo/documents/acme/returns-and-refunds.md'), 'utf8');
  const parts = extract('How many days do I have to return something?', [passage(text)]);
  expect(parts.join('\n')).toContain('30 days');
});

it('quotes what stands under a telling heading together with the heading', () => {
  const page = passage('## Lost keys\n\nRing the caretaker at once. He comes within the hour.', {
    title: 'House rules',
  });
  expect(extract('What do I do when I have lost my keys?', [page])).toEqual([
    '**Lost keys**\n\nRing the caretaker at once. He comes within the hour. [1]',
  ]);
});

it('writes a heading once over neighbours that stand under it', () => {
  const under = (text: string, chunkId: string) => ({
    ...passage(`## How many days you have to return something\n\n${text}`, { title: 'Returns' }),
    chunkId,
  });
  const parts = extract('How many days do I have to return something?', [
    under('Online orders: 30 days, counted from the delivery.', 'a'),
    under('Members of the club: 60 days, wherever they live.', 'b'),
  ]);
  expect(parts).toHaveLength(2);
  expect(parts.join('\n').match(/How many days you have to/g) ?? []).toHaveLength(1);
});

it('leaves a heading out that says no more than the sentence', () => {
  const page = passage('## Keys\n\nLost keys cost 40 euros to replace.', { title: 'House rules' });
  expect(extract('What does it cost to replace lost keys?', [page])).toEqual([
    'Lost keys cost 40 euros to replace. [1]',
  ]);
});

it('quotes a list with the line that introduces it, and code with its fence and without prompts', () => {
  const page = passage(
    'To mend the index, stop the service and run:\n\n```sh\n$ mend --index\n```\n\nThe laundry takes:\n\n- sheets\n- towels[^1]',
    { title: 'Handbook' },
  );
  expect(extract('Which command mends the index?', [page])[0]).toContain('```sh\nmend --index\n```\n\n[1]');
  expect(extract('What does the laundry take?', [page])[0]).toBe('The laundry takes:\n\n- sheets\n- towels [1]');
});

it('quotes no furniture of the page', () => {
  const page = passage(
    ':::caution\n\nThe lift stops at ten.[^3] <!-- check! -->\n\n:::\n\n[![b](https://a.test/b.svg)](https://a.test)\n\nEdit this page',
    { title: 'Lift' },
  );
  expect(extract('When does the lift stop?', [page])).toEqual(['The lift stops at ten. [1]']);
});

it('quotes a second document too where it has what the first one lacks, and only then', () => {
  const shop = passage('Lanterns and headlamps are sold in the harbour shop.', { title: 'Shop', documentId: 'shop' });
  const tours = passage('Headlamps are lent for cave tours; batteries are included.', {
    title: 'Tours',
    documentId: 'tours',
  });
  const both = extract('Do the headlamps of the harbour shop come with batteries?', [shop, tours]);
  expect(both.map((part) => part.slice(-3))).toEqual(['[1]', '[2]']);
  expect(extract('Are headlamps sold in the harbour shop?', [shop, tours])).toHaveLength(1);
});
