/** Longer texts are folded: one of 64 KiB would fill fifty screens and slow the window down. */
const FOLD_CHARS = 2400;
const FOLD_LINES = 40;

/** The beginning of a long text, or null if it is short enough as it is. */
export function folded(text: string): string | null {
  const lines = text.split("\n", FOLD_LINES + 1);
  const head = lines.length > FOLD_LINES ? lines.slice(0, FOLD_LINES).join("\n") : text;
  // Never between the two halves of one character.
  const cut = head.slice(0, FOLD_CHARS).replace(/[\uD800-\uDBFF]$/, "");
  return cut.length < text.length ? cut : null;
}

/** More than these beside each other are a pattern, not an expression. */
const EMOJI = 6;
const PICTURES = /^(?:(?:\p{Extended_Pictographic}|\p{Regional_Indicator}|\p{Emoji_Modifier}|\u200d|\ufe0f)\s*)+$/u;
const signs = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** Whether a text is nothing but a few emoji. */
export function isEmoji(text: string): boolean {
  if (text.length > 80 || !PICTURES.test(text)) return false;
  return [...signs.segment(text.replace(/\s/g, ""))].length <= EMOJI;
}
