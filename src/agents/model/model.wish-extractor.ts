import { type RecordCatalog, valuesLike, type Wish, type WishTest } from '#rag';
import type { z } from 'zod';
import { type ExtractedWishes, WishExtractor, type WishRequest } from '../steps/wish-extractor.js';
import type { ModelCalls } from './model-calls.js';
import { wishesMessages, wishesSchema } from './wishes.prompt.js';

type Schema = ReturnType<typeof wishesSchema>;
type Answer = z.infer<Schema>;

const MOST_TOKENS = 700;
const schemas = new WeakMap<RecordCatalog, Schema>();

/** One structured call against the records' fields; what it names is looked up in the records before it counts. */
export class ModelWishExtractor extends WishExtractor {
  constructor(
    private readonly calls: ModelCalls,
    private readonly rules: WishExtractor,
  ) {
    super();
  }

  override async extract(request: WishRequest, signal: AbortSignal): Promise<ExtractedWishes> {
    const { catalog } = request;
    let schema = schemas.get(catalog);
    if (schema === undefined) schemas.set(catalog, (schema = wishesSchema(catalog)));
    const answer = await this.calls.structuredOrNull(
      { purpose: 'extract', messages: wishesMessages(request), temperature: 0, maxTokens: MOST_TOKENS },
      { name: 'wishes', schema },
      signal,
    );
    // What was shown is known here, and no model is shown its ids.
    const rules = await this.rules.extract(request, signal);
    const wishes = answer === null ? null : toWishes(answer, catalog);
    if (wishes === null) return rules;
    const { except, pointed, text } = rules;
    return { ...wishes, except, pointed, text };
  }
}

/** @returns null when none of its conditions can be used */
function toWishes(answer: Answer, catalog: RecordCatalog): Omit<ExtractedWishes, 'except' | 'pointed' | 'text'> | null {
  const wishes = answer.conditions.flatMap((condition) => toWish(condition, catalog) ?? []);
  if (answer.conditions.length > 0 && wishes.length === 0) return null;
  const sought = answer.sought_elsewhere.filter((said) => said.trim() !== '').map((said) => soughtWish(said, catalog));
  const { count, descending, order_by: field, place_on_list: place } = answer;
  const sortable = catalog.fields.some(({ kind, name }) => name === field && kind === 'number');
  return {
    wishes: [...wishes, ...sought],
    count: count !== null && count > 0 ? count : null,
    order: field !== null && sortable ? { field, descending } : null,
    pick: place !== null && place !== 0 ? place : null,
    elsewhere: answer.not_ours,
  };
}

function toWish(
  { field: name, said, test, values }: Answer['conditions'][number],
  catalog: RecordCatalog,
): Wish | null {
  const field = catalog.fields.find((one) => one.name === name);
  const [first] = values;
  if (field === undefined || first === undefined) return null;
  const wish = (anyOf: readonly WishTest[], not = test === 'is_not'): Wish => ({
    said: said.trim() === '' ? first : said,
    role: field.topical ? 'topic' : 'attribute',
    not,
    anyOf,
  });
  switch (field.kind) {
    case 'flag':
      return wish(
        [{ kind: 'flag', field: name, value: /^(?:true|yes|1)$/i.test(first) !== (test === 'is_not') }],
        false,
      );
    case 'number': {
      const bound = Number(first.replace(/[^\d.-]/g, ''));
      if (!Number.isFinite(bound) || !/\d/.test(first)) return null;
      return wish([
        {
          kind: 'range',
          field: name,
          ...(test === 'at_most' ? {} : { gte: bound }),
          ...(test === 'at_least' ? {} : { lte: bound }),
        },
      ]);
    }
    case 'text':
      return null;
    case 'title':
    case 'category':
    case 'list': {
      const meant = values.flatMap((value) => valuesLike(catalog, value, name).flatMap((entry) => entry.value));
      return wish(meant.length === 0 ? [] : [{ kind: 'values', field: name, values: [...new Set(meant)] }]);
    }
  }
}

/** The records may have it after all, in other words than the model was shown. */
function soughtWish(said: string, catalog: RecordCatalog): Wish {
  const found = valuesLike(catalog, said);
  const fields = [...new Set(found.map(({ field }) => field.name))];
  const anyOf = fields.map((field): WishTest => {
    return { kind: 'values', field, values: found.filter((one) => one.field.name === field).map(({ value }) => value) };
  });
  return { said, role: 'topic', not: false, anyOf };
}
