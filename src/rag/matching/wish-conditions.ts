import type { Wish, WishTest } from './wishes.js';

/** A condition names at most so many values; of more, some count. */
const MOST_VALUES = 200;

/** Wishes as SQL/JSON paths, for choosing among more records than are scored one by one. Texts and refusals are left out. */
export function conditionsOf(wishes: readonly Wish[]): string[] {
  return wishes.flatMap(({ anyOf, not, role }) => {
    const tests = anyOf.flatMap(pathsOf).slice(0, MOST_VALUES);
    return not || role === 'hint' || tests.length === 0 ? [] : [tests.join(' || ')];
  });
}

function pathsOf(test: WishTest): string[] {
  if (test.kind === 'text') return [];
  // A JSON string is a path's string too.
  const field = `$.${JSON.stringify(test.field)}`;
  switch (test.kind) {
    case 'values':
      return test.values.map((value) => `${field} == ${JSON.stringify(value)}`);
    case 'flag':
      return [`${field} == ${String(test.value)}`];
    case 'range': {
      const bounds = [
        ...(test.gte === undefined ? [] : [`${field} >= ${test.gte}`]),
        ...(test.lte === undefined ? [] : [`${field} <= ${test.lte}`]),
      ];
      return bounds.length === 0 ? [] : [`(${bounds.join(' && ')})`];
    }
  }
}
