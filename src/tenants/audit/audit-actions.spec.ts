import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const ACTION = /\baction: (['`])(.*?)\1/g;
/** Irregular ones that a tenant's record could be told in. */
const PAST = /ed$|^(sent|resent|made|done|begun|lost|left|known|shown|taken|given|written|bound)$/;

/** Of all sources, as they stand there: with `${…}` for what only a run knows. */
const actions = readdirSync('src', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
  .flatMap((file) => [...readFileSync(join('src', file), 'utf8').matchAll(ACTION)].map(([, , action = '']) => action));

describe('the actions of the audit log', () => {
  it('are found', () => expect(actions.length).toBeGreaterThan(25));

  it.each([...new Set(actions)])('are a type and a verb in the present: %s', (action) => {
    const said = action.replace(/\$\{\w+\}/g, (part) => (part === '${kind}' ? 'type' : 'word'));
    expect(said).toMatch(/^[a-z_]+(\.[a-z_]+){1,2}$/);
    for (const word of (said.split('.').at(-1) ?? '').split('_')) expect(word).not.toMatch(PAST);
  });
});
