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

/** Estimates with zxcvbn, whose word lists are loaded at the first use. Null if they cannot be loaded. */
export async function strengthOf(password: string): Promise<Strength | null> {
  try {
    loading ??= load();
    return (await loading).check(password).score as Strength;
  } catch {
    loading = null;
    return null;
  }
}

async function load(): Promise<ZxcvbnFactory> {
  const [core, common, english] = await Promise.all([
    import("@zxcvbn-ts/core"),
    import("@zxcvbn-ts/language-common"),
    import("@zxcvbn-ts/language-en"),
  ]);
  return new core.ZxcvbnFactory({
    dictionary: { ...common.dictionary, ...english.dictionary },
    graphs: common.adjacencyGraphs,
  });
}
