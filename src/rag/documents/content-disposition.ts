/** What a file without a name with an ending is saved as. */
const ENDINGS: Readonly<Record<string, string>> = {
  'application/pdf': 'pdf',
  'application/vnd.openxmlformats-officedocument.wordprocessingml.document': 'docx',
  'application/json': 'json',
  'text/csv': 'csv',
  'text/html': 'html',
  'text/markdown': 'md',
  'text/plain': 'txt',
};

/** Half a character cannot be encoded. */
const LONE_SURROGATES = /[\uD800-\uDFFF]/gu;

/** `Content-Disposition` of a download (RFC 6266): the name in ASCII without quotes, and whole in UTF-8. */
export function contentDisposition(name: string, mimeType: string): string {
  const ending = ENDINGS[mimeType];
  const full = /\.[a-z0-9]{1,5}$/i.test(name) || ending === undefined ? name : `${name}.${ending}`;
  const ascii = full.replace(/[^\w .()-]/g, '_').slice(0, 150);
  const encoded = encodeURIComponent(full.slice(0, 150).replace(LONE_SURROGATES, '')).replace(/['()*]/g, percent);
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encoded}`;
}

function percent(sign: string): string {
  return `%${sign.charCodeAt(0).toString(16).toUpperCase()}`;
}
