/** Up to two letters for an avatar: of the first and the last word. */
export function initials(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => /[\p{L}\p{N}]/u.test(word));
  const letters = [words[0], words.length > 1 ? words.at(-1) : undefined].map((word) => firstLetter(word ?? ""));
  return letters.join("").toLocaleUpperCase() || "?";
}

/** How many colours avatars have. */
export const TONES = 8;

/** Letters of a name in a sentence. */
const BRIEF = 20;

/** The colour of an avatar, from the device key; 0 (grey) while no key is known, so that a name alone never colours. */
export function tone(key: string | null): number {
  if (!key) return 0;
  return 1 + (Number.parseInt(key.slice(0, 4), 16) % TONES || 0);
}

/** A name for the middle of a sentence: a long one must not push the rest out of sight. */
export function briefName(name: string): string {
  const letters = [...name];
  return letters.length > BRIEF ? `${letters.slice(0, BRIEF).join("").trimEnd()}…` : name;
}

function firstLetter(word: string): string {
  return /[\p{L}\p{N}]/u.exec(word)?.[0] ?? "";
}
