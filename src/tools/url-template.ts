import { toUSVString } from 'node:util';

/** A template or a value that cannot make a URL; `argument` is set when a value is at fault. */
export class UrlTemplateError extends Error {
  constructor(
    message: string,
    readonly argument: string | null = null,
  ) {
    super(message);
    this.name = 'UrlTemplateError';
  }
}

/** Gives the value of a placeholder; undefined when there is none. */
export type PlaceholderValues = (name: string) => unknown;

const PLACEHOLDER = /\{\{\s*([A-Za-z_][\w.]*)\s*\}\}/g;
const SHAPE = /^(?<origin>https?:\/\/[^/?#\\]+)(?<path>\/[^?#]*)?(?:\?(?<query>[^#]*))?$/i;

interface Parts {
  readonly origin: string;
  readonly segments: readonly string[];
  readonly parameters: readonly { readonly name: string; readonly value: string | null }[];
}

/**
 * Fills `https://host/orders/{{order_number}}?email={{email}}`.
 *
 * Placeholders stand in path segments and in the values of query parameters only, and values are percent-encoded there, so
 * a value can neither change the host nor add a segment or a parameter. A parameter whose value is not given is left out.
 * @throws UrlTemplateError naming the argument that is missing from the path or has a character it may not have
 */
export function fillUrlTemplate(template: string, values: PlaceholderValues): string {
  const { origin, segments, parameters } = parse(template);
  const path = segments.map((segment) => fillSegment(segment, values)).join('/');
  const query = parameters.flatMap((parameter) => fillParameter(parameter, values)).join('&');
  const filled = new URL(`${origin}${path}${query === '' ? '' : `?${query}`}`);
  // What the parser made of it is what is called: it must have the template's shape still.
  if (filled.origin !== new URL(origin).origin || filled.pathname.split('/').length !== Math.max(2, segments.length)) {
    throw new UrlTemplateError('The values do not fit into the URL.');
  }
  return filled.href;
}

/**
 * The names that a template uses.
 * @throws UrlTemplateError when a placeholder stands where it could change more than a value
 */
export function urlPlaceholders(template: string): string[] {
  const { segments, parameters } = parse(template);
  return [...segments, ...parameters.map((parameter) => parameter.value ?? '')].flatMap(placeholdersIn);
}

export function placeholdersIn(text: string): string[] {
  return [...text.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
}

/** Replaces the placeholders of a text. */
export function fillPlaceholders(text: string, replace: (name: string) => string): string {
  return text.replace(PLACEHOLDER, (_whole, name: string) => replace(name));
}

/** A value as it stands in a URL, a header or a text: lists are joined by commas. @returns null when it has no such form */
export function scalarText(value: unknown): string | null {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (!Array.isArray(value)) return null;
  const parts = value.map(scalarText);
  return parts.every((part) => part !== null) ? parts.join(',') : null;
}

function parse(template: string): Parts {
  const groups = SHAPE.exec(template)?.groups;
  const origin = groups?.['origin'];
  if (groups === undefined || origin === undefined || !URL.canParse(origin)) {
    throw new UrlTemplateError('The URL must be written as https://host/path, without a fragment.');
  }
  if (/[{}]/.test(origin)) throw new UrlTemplateError('The host and port of the URL may not have placeholders.');
  const parameters = (groups['query'] ?? '')
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? { name: pair, value: null } : { name: pair.slice(0, at), value: pair.slice(at + 1) };
    });
  if (parameters.some((parameter) => /[{}]/.test(parameter.name))) {
    throw new UrlTemplateError('The names of query parameters may not have placeholders; write ?name={{value}}.');
  }
  const path = groups['path'] ?? '';
  const rest = fillPlaceholders(path + parameters.map((parameter) => parameter.value ?? '').join(''), () => '');
  if (/[{}]/.test(rest)) throw new UrlTemplateError('A placeholder is written as {{name}}.');
  return { origin, segments: path.split('/'), parameters };
}

function fillSegment(segment: string, values: PlaceholderValues): string {
  const filled = fillPlaceholders(segment, (name) => {
    const value = values(name);
    const text = scalarText(value)?.trim() ?? '';
    if (value === undefined || text === '') throw new UrlTemplateError(`${name} is required`, name);
    // Encoded slashes count as well: many servers decode the path before they split it.
    if (/[/\\\p{Cc}]/u.test(text))
      throw new UrlTemplateError(`${name} must not have slashes or control characters`, name);
    return encode(text);
  });
  const name = placeholdersIn(segment)[0] ?? null;
  if (name !== null && /^(\.|%2e){1,2}$/i.test(filled)) {
    throw new UrlTemplateError(`${name} must not consist of dots`, name);
  }
  return filled;
}

function fillParameter(parameter: Parts['parameters'][number], values: PlaceholderValues): string[] {
  if (parameter.value === null) return [parameter.name];
  let missing = false;
  const filled = fillPlaceholders(parameter.value, (name) => {
    const value = values(name);
    if (value === undefined || value === null) {
      missing = true;
      return '';
    }
    const text = scalarText(value);
    if (text === null) throw new UrlTemplateError(`${name} must be a text, a number or a list of them`, name);
    return encode(text);
  });
  return missing ? [] : [`${parameter.name}=${filled}`];
}

function encode(text: string): string {
  return encodeURIComponent(toUSVString(text));
}
