import type { Access } from '#llm';
import type { OutboundResponse } from '#platform/outbound';

/** A shorter one could be any word of an answer. */
const SHORTEST_SECRET = 6;

/** A server that repeats what it was sent ("invalid key sk-…"), in whichever spelling, would show it to whoever chats. */
export function withoutSecret(
  answer: OutboundResponse,
  access: Pick<Access, 'headers' | 'query' | 'secret'>,
): OutboundResponse {
  if (access.secret === null || answer.body.length === 0) return answer;
  const said = withOneSpelling(answer).toString('latin1');
  const clean = spellings(access).reduce((text, spelling) => text.replaceAll(spelling, '[secret]'), said);
  return clean === said ? answer : { ...answer, body: Buffer.from(clean, 'latin1') };
}

/** JSON has many ways to write one text (`\/`, `\u002b`): written anew it has one. */
function withOneSpelling({ body, headers }: OutboundResponse): Buffer {
  if (!/[/+]json\b/i.test(headers['content-type'] ?? '')) return body;
  try {
    return Buffer.from(JSON.stringify(JSON.parse(body.toString('utf8'))), 'utf8');
  } catch {
    return body;
  }
}

/** As bytes in latin1, the longest first, so that none leaves the rest of another. */
function spellings({ headers, query, secret }: Pick<Access, 'headers' | 'query' | 'secret'>): string[] {
  const value = secret?.reveal() ?? '';
  // Of `Basic dXNlcjpzZWNyZXQ=` the second word.
  const sent = [...Object.values(headers), ...Object.values(query)].map((text) => text.slice(text.indexOf(' ') + 1));
  const plain = [value, ...sent].filter((text) => text.length >= SHORTEST_SECRET);
  const all = plain.flatMap((text) => {
    const bytes = Buffer.from(text, 'utf8');
    const base64 = bytes.toString('base64');
    const encoded = [base64, base64.replace(/=+$/, ''), bytes.toString('base64url')];
    return [text, text.replace(/=+$/, ''), JSON.stringify(text).slice(1, -1), encodeURIComponent(text), ...encoded];
  });
  return [...new Set(all)]
    .filter((text) => text.length >= SHORTEST_SECRET)
    .map((text) => Buffer.from(text, 'utf8').toString('latin1'))
    .sort((a, b) => b.length - a.length);
}
