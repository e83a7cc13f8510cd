import { createRequire } from "node:module";
import type { Plugin } from "vite";

/** The module that the page imports. Its type is in `src/words.d.ts`. */
const NAME = "virtual:common-words";
/** How many of the commonest are taken of each list: the whole lists are 1.6 MB. */
const TAKEN = 10_000;

/** The beginnings of zxcvbn's lists, commonest first, as a module of 90 KiB (compressed). */
export function commonWords(): Plugin {
  const read = createRequire(import.meta.url);
  const common = (file: string) => read(`@zxcvbn-ts/language-common/src/${file}.json`);
  const english = (file: string) => read(`@zxcvbn-ts/language-en/src/${file}.json`);
  return {
    name: "common-words",
    resolveId: (id) => (id === NAME ? `\0${NAME}` : null),
    load(id) {
      if (id !== `\0${NAME}`) return null;
      const lists = { passwords: common("passwords"), words: english("commonWords"), names: english("firstnames") };
      const exported = Object.entries(lists).map(([name, list]) => {
        // One string is half the size of an array, and is read faster.
        const text = list.slice(0, TAKEN).join("\n");
        return `export const ${name} = ${JSON.stringify(text)}.split("\\n");`;
      });
      return [
        ...exported,
        `export const sequences = ${JSON.stringify(english("wordSequences"))};`,
        `export const graphs = ${JSON.stringify(common("adjacencyGraphs"))};`,
      ].join("\n");
    },
  };
}
