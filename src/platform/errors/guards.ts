/** The value as an `Error`; whatever else was thrown becomes its message. */
export function asError(value: unknown): Error {
  return value instanceof Error ? value : new Error(String(value));
}

/** True for what an aborted signal throws, whichever library threw it. */
export function isAbortError(value: unknown): boolean {
  return value instanceof Error && (value.name === 'AbortError' || value.name === 'APIUserAbortError');
}

/** The chain of messages below an error, for logs: `ECONNREFUSED <- connect failed`. */
export function errorCause(error: unknown): string {
  const parts: string[] = [];
  for (let current: unknown = error; current instanceof Error && parts.length < 5; current = current.cause) {
    parts.push(current.message);
  }
  return parts.join(' <- ');
}
