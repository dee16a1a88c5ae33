import { appendFileSync } from 'node:fs';

/** Something measured, printed below the table of figures at the end of a run. */
export function recordMeasure(label: string, values: Readonly<Record<string, number>>): void {
  const file = process.env['FAULTS_FIGURES'];
  if (file === undefined) return;
  const words = Object.entries(values).map(([name, value]) => `${name} ${Math.round(value)}`);
  appendFileSync(`${file}.measures`, `${label}: ${words.join(', ')}\n`);
}
