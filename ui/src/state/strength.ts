import type { ZxcvbnFactory } from "@zxcvbn-ts/core";

/** From 0, guessed at once, to 4, beyond anybody's patience. */
export type Strength = 0 | 1 | 2 | 3 | 4;

/** What the hint says. Guesses cost an attacker one live handshake each, so the words speak of people, not of clusters. */
export const STRENGTHS: Record<Strength, string> = {
  0: "Very easy to guess. Anyone who tries a list of common passwords gets in.",
  1: "Easy to guess. Use several words that have nothing to do with each other.",
  2: "Could be guessed with patience. Add another word.",
  3: "Hard to guess.",
  4: "Very hard to guess.",
};

let loading: Promise<ZxcvbnFactory> | null = null;

/**
 * Estimates with zxcvbn and the commonest passwords, words and names, which are loaded at the first use. Null if they
 * cannot be loaded. A word that is on no list looks like letters by chance: hence a single one is never "hard".
 */
export async function strengthOf(password: string): Promise<Strength | null> {
  try {
    loading ??= load();
    const score = (await loading).check(password).score as Strength;
    return isSingleWord(password) ? (Math.min(score, 2) as Strength) : score;
  } catch {
    loading = null;
    return null;
  }
}

/** Nothing but letters, as many as words have, and perhaps a digit or sign at the end. */
function isSingleWord(password: string): boolean {
  return /^\p{L}{1,14}[\d!?.]{0,2}$/u.test(password);
}

async function load(): Promise<ZxcvbnFactory> {
  const [core, lists] = await Promise.all([import("@zxcvbn-ts/core"), import("virtual:common-words")]);
  const { passwords, words, names, sequences, graphs } = lists;
  return new core.ZxcvbnFactory({ dictionary: { passwords, words, names, ...sequences }, graphs });
}
