/** Made by `ui/words.ts` from the lists of zxcvbn. Each list has the commonest first. */
declare module "virtual:common-words" {
  export const passwords: string[];
  export const words: string[];
  export const names: string[];
  /** Days, months and other words that follow each other. */
  export const sequences: Record<string, string[]>;
  /** Which keys are neighbours on a keyboard. */
  export const graphs: NonNullable<import("@zxcvbn-ts/core").OptionsType["graphs"]>;
}
