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
    const rows = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    rmSync(file);
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
    const measures = `${file}.measures`;
    if (!existsSync(measures)) return;
    process.stdout.write(`${readFileSync(measures, 'utf8')}\n`);
    rmSync(measures);
  }
};

function quantile(values, part) {
  if (values.length === 0) return '-';
  const sorted = [...values].sort((a, b) => a - b);
  return String(sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))]);
}
