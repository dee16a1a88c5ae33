/**
 * The characters of a text file: byte order mark, else UTF-8 when it is valid, else UTF-16 when every other byte is
 * zero, else windows-1252 (what the rest of the Western world's old files are).
 */
export function decodeText(bytes: Uint8Array): string {
  const marked = byteOrderMark(bytes);
  if (marked) return new TextDecoder(marked).decode(bytes);
  const wide = looksLikeUtf16(bytes);
  if (wide) return new TextDecoder(wide).decode(bytes);
  return decodeUtf8(bytes) ?? new TextDecoder('windows-1252').decode(bytes);
}

/** HTML may name its own encoding; one that is unknown, or none, falls back to `decodeText`. */
export function decodeHtml(bytes: Uint8Array): string {
  if (!byteOrderMark(bytes) && decodeUtf8(bytes) === null) {
    const head = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
    const label = /<meta[^>]{1,300}charset\s*=\s*["']?([\w-]{2,30})/i.exec(head)?.[1];
    if (label) {
      try {
        return new TextDecoder(label).decode(bytes);
      } catch {
        // not an encoding that exists
      }
    }
  }
  return decodeText(bytes);
}

export function byteOrderMark(bytes: Uint8Array): 'utf-8' | 'utf-16le' | 'utf-16be' | null {
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) return 'utf-8';
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'utf-16be';
  return null;
}

/** UTF-16 without a mark, told by zeros in nearly every second byte and none in the others. */
export function looksLikeUtf16(bytes: Uint8Array): 'utf-16le' | 'utf-16be' | null {
  const length = Math.min(bytes.length, 4096) & ~1;
  if (length < 4) return null;
  let even = 0;
  let odd = 0;
  for (let i = 0; i < length; i += 2) {
    if (bytes[i] === 0) even++;
    if (bytes[i + 1] === 0) odd++;
  }
  const pairs = length / 2;
  if (odd > pairs * 0.7 && even === 0) return 'utf-16le';
  if (even > pairs * 0.7 && odd === 0) return 'utf-16be';
  return null;
}

/** The text, or null when the bytes are not UTF-8. A character cut off at the very end is forgiven. */
export function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(withoutCutCharacter(bytes));
  } catch {
    return null;
  }
}

function withoutCutCharacter(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte < 0x80) break;
    if (byte >= 0xc0) {
      const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return needed > back ? bytes.subarray(0, bytes.length - back) : bytes;
    }
  }
  return bytes;
}
