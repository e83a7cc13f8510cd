/** Bytes of UTF-8 that one message may have. */
export const TEXT_LIMIT = 64 * 1024;
/** From here on the composer counts. */
const NEAR = TEXT_LIMIT - 4 * 1024;

const encoder = new TextEncoder();

export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** Bytes left of the limit, or null while it is far away. Short texts are not encoded at each key press. */
export function bytesLeft(text: string): number | null {
  // One UTF-16 unit is at most three bytes.
  if (text.length * 3 < NEAR) return null;
  const length = utf8Length(text);
  return length < NEAR ? null : TEXT_LIMIT - length;
}
