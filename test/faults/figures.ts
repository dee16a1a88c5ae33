import { appendFileSync } from 'node:fs';
import type { Verdict } from './journal-check.js';

/** One row of the table at the end of a run; `figures-reporter.cjs` prints them. */
export function recordFigures(
  label: string,
  verdict: Verdict,
  extra: { readonly kills?: number; readonly takeOvers?: readonly number[] },
): void {
  write({
    scenario: label,
    sent: verdict.sent,
    acked: verdict.acked,
    completed: verdict.outcomes['completed'] ?? 0,
    failed: verdict.outcomes['failed'] ?? 0,
    cancelled: verdict.outcomes['cancelled'] ?? 0,
    lost: verdict.lost.length,
    doubled: verdict.doubled.length,
    open: verdict.open.length,
    waiting: verdict.waiting.length,
    wrong: verdict.wrong.length,
    kills: extra.kills ?? 0,
    takeOvers: extra.takeOvers ?? [],
  });
}

/** What only this scenario counts or measures: a line of its own below the table. */
export function recordMeasures(label: string, measures: Readonly<Record<string, number | string>>): void {
  write({ scenario: label, measures });
}

function write(row: object): void {
  const file = process.env['FAULTS_FIGURES'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(row)}\n`);
}
