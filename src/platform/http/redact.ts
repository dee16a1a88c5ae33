const SENSITIVE_PARAMETERS = /^(token|access_token|refresh_token|id_token|password|secret|api_key|key|code)$/i;

/** A URL that may be logged: values of sensitive query parameters replaced, fragments dropped. */
export function redactUrl(url: string): string {
  const [beforeFragment = ''] = url.split('#', 1);
  const at = beforeFragment.indexOf('?');
  if (at < 0) return beforeFragment;
  const query = beforeFragment
    .slice(at + 1)
    .split('&')
    .map((pair) => (isSensitive(pair) ? `${pair.split('=', 1)[0] ?? ''}=[redacted]` : pair));
  return `${beforeFragment.slice(0, at)}?${query.join('&')}`;
}

/** Also when the name itself is percent-encoded (`%74oken=…`). */
function isSensitive(pair: string): boolean {
  const [name = ''] = pair.split('=', 1);
  try {
    return SENSITIVE_PARAMETERS.test(decodeURIComponent(name));
  } catch {
    return true;
  }
}

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
