const { existsSync, readFileSync, rmSync } = require('node:fs');

const COLUMNS = [
  'sent',
  'acked',
  'completed',
  'failed',
  'cancelled',
  'lost',
  'doubled',
  'open',
  'waiting',
  'wrong',
  'kills',
];

/** Prints what the scenarios counted, one row each; times of take-overs in milliseconds from the kill to the new start. */
module.exports = class FiguresReporter {
  onRunComplete() {
    const file = process.env.FAULTS_FIGURES;
    if (!file || !existsSync(file)) return;
    const written = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    rmSync(file);
    const rows = written.filter((row) => row.measures === undefined);
    if (rows.length > 0) printTable(rows);
    printMeasures(written.filter((row) => row.measures !== undefined));
  }
};

function printTable(rows) {
  const total = { scenario: 'all', takeOvers: rows.flatMap((row) => row.takeOvers) };
  for (const column of COLUMNS) total[column] = rows.reduce((sum, row) => sum + row[column], 0);
  const head = ['scenario', ...COLUMNS, 'take-over p50', 'p95', 'max'];
  const lines = [...rows, total].map((row) => [
    row.scenario,
    ...COLUMNS.map((column) => String(row[column])),
    ...[0.5, 0.95, 1].map((part) => quantile(row.takeOvers, part)),
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...lines.map((line) => line[at].length)));
  const show = (line) =>
    line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at]) : cell.padStart(widths[at]))).join('  ');
  process.stdout.write(`\n${[head, ...lines].map(show).join('\n')}\n\n`);
}

/** What a scenario alone counts, a line each. */
function printMeasures(rows) {
  const width = Math.max(0, ...rows.map((row) => row.scenario.length));
  for (const { measures, scenario } of rows) {
    const told = Object.entries(measures).map(([name, value]) => `${name} ${value}`);
    process.stdout.write(`${scenario.padEnd(width)}  ${told.join(' · ')}\n`);
  }
  if (rows.length > 0) process.stdout.write('\n');
}

function quantile(values, part) {
  if (values.length === 0) return '-';
  const sorted = [...values].sort((a, b) => a - b);
  return String(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]);
}
