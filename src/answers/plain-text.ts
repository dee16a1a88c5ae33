/** Markdown without the marks that would be read out. */
export function plainText(markdown: string): string {
  return markdown
    .replaceAll(/\s*\[(\d{1,3})\](?!\()/g, '')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/[*_`~]+/g, '')
    .replaceAll(/[#>|]+|-{3,}/g, ' ')
    .replaceAll(/[ \t]+/g, ' ')
    .trim();
}
