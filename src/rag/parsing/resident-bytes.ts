import { readFileSync } from 'node:fs';

/** Memory of a process; 0 where the system does not tell (no /proc): a parser's child watches itself then. */
export function residentBytes(pid: number | undefined): number {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024;
  } catch {
    return 0;
  }
}
