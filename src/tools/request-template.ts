import {
  fillPlaceholders,
  placeholdersIn,
  type PlaceholderValues,
  scalarText,
  UrlTemplateError,
} from './url-template.js';

/**
 * Fills a JSON template. A string that is one placeholder becomes the value with its type, and is left out when there is
 * none; placeholders within a longer string become text.
 */
export function fillTemplate(template: unknown, values: PlaceholderValues): unknown {
  if (typeof template === 'string') return fillString(template, values);
  if (Array.isArray(template)) {
    return template.map((item) => fillTemplate(item, values)).filter((item) => item !== undefined);
  }
  if (typeof template !== 'object' || template === null) return template;
  const filled: Record<string, unknown> = {};
  for (const [key, item] of Object.entries(template)) {
    const value = fillTemplate(item, values);
    if (value !== undefined) filled[key] = value;
  }
  return filled;
}

/**
 * Fills a header's value.
 * @returns null when one of its values is not given: the header is left out
 * @throws UrlTemplateError when a value has a line break or another character that headers may not carry
 */
export function headerValue(template: string, values: PlaceholderValues): string | null {
  let missing = false;
  const filled = fillPlaceholders(template, (name) => {
    const text = scalarText(values(name));
    if (text === null) missing = true;
    else if (!/^[\t\x20-\x7e]*$/.test(text)) {
      throw new UrlTemplateError(`${name} must have plain ASCII characters only`, name);
    }
    return text ?? '';
  });
  return missing ? null : filled;
}

function fillString(template: string, values: PlaceholderValues): unknown {
  const [name, ...others] = placeholdersIn(template);
  if (name !== undefined && others.length === 0 && /^\{\{\s*[\w.]+\s*\}\}$/.test(template)) return values(name);
  return fillPlaceholders(template, (placeholder) => scalarText(values(placeholder)) ?? '');
}
