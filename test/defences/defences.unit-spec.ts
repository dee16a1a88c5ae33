import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

interface Defence {
  readonly attack: string;
  readonly edits: readonly { readonly file: string; readonly from: string; readonly to: string }[];
  readonly test: string;
  readonly name: string;
}

// In a process of its own: Jest does not load ES modules.
const listed = execFileSync(process.execPath, [
  ...['--input-type=module', '-e'],
  "import { DEFENCES } from './test/defences/index.mjs'; console.log(JSON.stringify(DEFENCES))",
]);
const defences = Object.entries(JSON.parse(listed.toString()) as Record<string, Defence[]>);

describe.each(defences)('defences of %s', (_group, list) => {
  it.each(list.map((defence) => [defence.attack, defence] as const))('can be taken out: %s', (_attack, defence) => {
    expect(defence.edits).not.toEqual([]);
    for (const { file, from, to } of defence.edits) {
      expect({ file, times: readFileSync(file, 'utf8').split(from).length - 1 }).toEqual({ file, times: 1 });
      expect(to).not.toBe(from);
    }
    expect(readFileSync(defence.test, 'utf8')).toContain(defence.name);
  });

  it('are told apart', () => {
    expect(list.length).toBeGreaterThan(0);
    expect(new Set(list.map(({ attack }) => attack)).size).toBe(list.length);
  });
});
