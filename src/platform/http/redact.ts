/** Tokens, and this server's own secrets by their first letters (not `pk_`, which is public), as long as they are made. */
const IN_PATH = /\beyJ[\w-]+\.[\w.-]+|\b(?:sk|rt|pr|in|vt|ws|whsec|gsk)_[\w.-]{16,}|(?<=\/)sk-[\w.-]{16,}/g;

/** A path that may be logged: somebody may have put a secret where an id belongs. */
export function redactPath(path: string): string {
  return path.replace(IN_PATH, '[redacted]');
}

const SECRET_SHAPES: readonly (readonly [RegExp, string])[] = [
  [/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, '$1[redacted]@'],
  [/\bBearer\s+\S+/gi, 'Bearer [redacted]'],
  [/\beyJ[\w-]+\.[\w-]+\.[\w-]*/g, '[redacted]'],
  [/\b(sk|rt|pr|gsk|whsec)[_-][\w.-]{8,}/g, '[redacted]'],
  [/-----BEGIN [^-]+-----[\s\S]*?(-----END [^-]+-----|$)/g, '[redacted]'],
  [/\b(password|passwd|secret|token|api_?key)\b(["']?\s*[=:]\s*["']?)[^\s"',}]+/gi, '$1$2[redacted]'],
];

/** Text for people outside production with whatever looks like a credential taken out. */
export function scrubSecrets(text: string): string {
  return SECRET_SHAPES.reduce((clean, [shape, replacement]) => clean.replace(shape, replacement), text);
}
