/** Characters that people do not see and models do: Unicode tags, zero-width and bidirectional controls, other controls. */
const INVISIBLE = /[\u{E0000}-\u{E007F}\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u206F\uFEFF\u00AD]/gu;
// eslint-disable-next-line no-control-regex -- removing them is the point
const CONTROLS = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F]/g;
/** Spellings by which a text could pretend that another speaker begins, or that our fence ends. */
const ROLE_TOKENS =
  /<\|[^|>\n]{0,40}\|>|<\s{0,4}\/?\s{0,4}(?:s|system|user|assistant|tool|document|data|instructions|untrusted)\b[^>]{0,80}>|\[\/?INST\]|<<\/?SYS>>/gi;
const ROLE_LINES = /^([ \t>#*]*)(system|user|assistant|developer|tool|human|ai)([ \t]*):/gim;

/**
 * What a document or a tool says, made fit to stand in a prompt: invisible characters dropped, role markers and our own
 * delimiters defused, length capped. Its words stay: the prompt says that they are data.
 * @param limit characters kept
 */
export function neutralise(text: string, limit: number): string {
  const cleaned = text
    .replace(INVISIBLE, '')
    .replace(CONTROLS, '')
    .replace(ROLE_TOKENS, ' ')
    .replace(ROLE_LINES, '$1$2 -');
  return cleaned.length <= limit ? cleaned : `${cleaned.slice(0, limit)} …(cut)`;
}

/** A fenced block of untrusted data for a prompt. `label` is ours. */
export function fenced(label: string, text: string, limit: number): string {
  return `<data source="${label.replace(/[^\w .:-]/g, '')}">\n${neutralise(text, limit)}\n</data>`;
}
