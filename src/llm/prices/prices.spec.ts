import { writeFileSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RECKONED } from './price-list.js';
import { priceOf, readOverlay, reckonedPriceOf } from './prices.js';

const OPENAI = 'https://api.openai.com/v1';
const OWN = 'http://localhost:1234/v1';

function file(content: string): string {
  const path = join(mkdtempSync(join(tmpdir(), 'prices-')), 'prices.json');
  writeFileSync(path, content);
  return path;
}

describe('prices', () => {
  it('are the list’s at who sells at it, and unknown elsewhere', () => {
    expect(priceOf({ baseUrl: OPENAI, model: 'gpt-4o-mini' })).toEqual({ input: 0.15, output: 0.6 });
    expect(priceOf({ baseUrl: OPENAI, model: 'text-embedding-3-small' })).toEqual({ input: 0.02, output: 0 });
    expect(priceOf({ baseUrl: OWN, model: 'gpt-4o-mini' })).toBeNull();
    expect(priceOf({ baseUrl: OPENAI, model: 'toString' })).toBeNull();
  });

  it('that are not known are reckoned for budgets, never as nothing', () => {
    expect(reckonedPriceOf({ baseUrl: OWN, model: 'gpt-4o-mini' })).toEqual({ input: 0.15, output: 0.6 });
    expect(reckonedPriceOf({ baseUrl: OWN, model: 'house' })).toEqual(RECKONED);
  });

  it('are the operator’s own where there is a file', () => {
    const overlay = readOverlay(file('{"house": {"input_usd": 2, "output_usd": 3}, "gpt-4o-mini": {"input_usd": 0}}'));
    expect(priceOf({ baseUrl: OWN, model: 'house', overlay })).toEqual({ input: 2, output: 3 });
    expect(priceOf({ baseUrl: OPENAI, model: 'gpt-4o-mini', overlay })).toEqual({ input: 0, output: 0 });
  });

  it.each(['', '{"a": 1}', '{"a": {"input_usd": -1}}', '{"a": {"input_usd": 1, "currency": "EUR"}}'])(
    'stop the start when the file says %j',
    (content) => {
      expect(() => readOverlay(file(content))).toThrow(/LLM_PRICES_FILE/);
    },
  );

  it('stop the start when the file is not there', () => {
    expect(() => readOverlay('/nowhere/prices.json')).toThrow(/LLM_PRICES_FILE/);
  });
});
