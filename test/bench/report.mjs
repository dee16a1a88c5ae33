export function median(values) {
  return percentile(values, 50);
}

export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1))] ?? NaN;
}

/** One run as a table, the goals of the product beside it ("must", "aim"). */
export function printTable(result) {
  const { floor, switchboard } = result;
  const number = (value, digits = 1) => value.toFixed(digits);
  const over = (a, b, digits = 1) => `+${number(a - b, digits)}`;
  const ratio = (a, b) => `× ${number(a / b, 2)}`;
  const rows = [
    ['CPU per token, µs', floor.cpu_us_per_token, switchboard.cpu_us_per_token, ratio, '≤ × 1.5, aim 1.2'],
    ['fixed CPU per turn, ms', floor.cpu_ms_per_turn, switchboard.cpu_ms_per_turn, over, '≤ 0.5 × straight'],
    ...[
      ['first token p50, 1 stream, ms', 'first_token_ms_1', 'p50', '≤ +15, aim 8'],
      ['first token p95, 1 stream, ms', 'first_token_ms_1', 'p95', ''],
      ['first token p50, 50 streams, ms', 'first_token_ms_50', 'p50', '≤ +12, aim 6'],
      ['first token p95, 50 streams, ms', 'first_token_ms_50', 'p95', ''],
      ['first token p99, 50 streams, ms', 'first_token_ms_50', 'p99', '≤ +60, aim 20'],
    ].map(([name, key, p, goal]) => [name, floor[key][p], switchboard[key][p], over, goal]),
    ['wire bytes per token', floor.wire_bytes_per_token, switchboard.wire_bytes_per_token, ratio, '≤ 120, aim 80'],
    ['RSS after 50 streams, MB', floor.rss_mb, switchboard.rss_mb, ratio, '(200 streams: ≤ × 3.2)'],
    ['SQL statements per turn', 0, result.statements_per_turn, null, '≤ 7, aim 4'],
    ['database round trips per turn', 0, result.round_trips_per_turn, null, '≤ 9, aim 4'],
    ['model calls per turn', 2, result.model_calls_per_turn, null, ''],
  ];
  const lines = [
    ['', 'floor', 'switchboard', 'beside the floor', 'goal'],
    ...rows.map(([name, a, b, compare, goal]) => [name, number(a), number(b), compare?.(b, a) ?? '', goal]),
  ];
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  console.log(`\n${result.database}, Node ${process.version}`);
  for (const line of lines)
    console.log(
      line
        .map((cell, column) =>
          column === 0 || column === 4 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]),
        )
        .join('   ')
        .trimEnd(),
    );
  console.log('statements of a turn, by how often:');
  for (const { per_turn, text } of result.statements) console.log(`  ${number(per_turn, 2)}  ${text}`);
}
