/** Of CSV answers (RFC 4180), UTF-8. */
export const CSV_TYPE = 'text/csv';

/**
 * Rows as CSV. A cell that a spreadsheet would run as a formula gets a quote before it, which makes it text.
 * @param rows the first has the names of the columns
 */
export function csvText(rows: readonly (readonly (string | number | null)[])[]): string {
  return rows.map((row) => `${row.map((cell) => cellText(cell === null ? '' : String(cell))).join(',')}\r\n`).join('');
}

function cellText(cell: string): string {
  const plain = /^\s*[=+\-@]|^[\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
