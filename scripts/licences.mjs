// Checks what the app is made of: every Rust package comes from a package registry (no git, no patch) and under a
// licence on this list, and About names everything that ships. `--write` writes that list anew.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { crates, MANIFESTS, metadata, packages } from "./lib/licences.mjs";
import { main, output, ROOT, Stop } from "./lib/run.mjs";

const SHOWN = "ui/src/views/about/licences.gen.ts";

const ALLOWED = new Set([
  "0BSD",
  "Apache-2.0",
  "Apache-2.0 WITH LLVM-exception",
  "BSD-2-Clause",
  "BSD-3-Clause",
  "BSL-1.0",
  "CC0-1.0",
  "ISC",
  "MIT",
  "MIT-0",
  "MPL-2.0",
  "Unicode-3.0",
  "Unlicense",
  "Zlib",
]);

/** Whether an SPDX expression can be met from the list. An old "/" means OR. */
function allowed(expression) {
  let rest = expression
    .replaceAll(/\s*\/\s*/g, " OR ")
    .replaceAll(/[\w.-]+( WITH [\w.-]+)?/g, (word) =>
      word === "OR" || word === "AND" ? word : ALLOWED.has(word) ? "1" : "0",
    );
  for (let before; rest !== before; ) {
    before = rest;
    rest = rest.replaceAll(/\(\s*([01])\s*\)/g, "$1");
    rest = rest.replace(/([01]) AND ([01])/, (_, a, b) => (a === "1" && b === "1" ? "1" : "0"));
    // AND binds stronger, so OR waits until neither side is next to one.
    if (rest === before) rest = rest.replace(/([01]) OR ([01])/, (_, a, b) => (a === "1" || b === "1" ? "1" : "0"));
  }
  return rest === "1";
}

/** Whether each package is one that we take. Says which is not. */
function checked() {
  const host = /^host: (.*)$/m.exec(output("rustc", ["-vV"]))?.[1];
  const known = MANIFESTS.flatMap((manifest) => metadata(manifest, host).packages);
  const taken = new Map(known.filter(({ source }) => source !== null).map((one) => [one.id, one]));
  const broken = [...taken.values()].flatMap(({ name, version, source, license }) => {
    const what = `${name} ${version}`;
    if (!source.startsWith("registry+")) return [`${what} comes from ${source}`];
    return allowed(license ?? "") ? [] : [`${what} is under ${license ?? "no named licence"}`];
  });
  for (const sentence of broken) console.error(sentence);
  if (broken.length === 0) console.log(`${taken.size} packages come from a registry under licences of the list`);
  return broken.length === 0;
}

/** The module that About shows. */
async function shown() {
  const rows = [...crates(), ...(await packages())];
  for (const [name, version, licence] of rows) {
    // What follows a semicolon is a notice.
    if (!allowed(licence.split(";")[0])) throw new Stop(`${name} ${version} ships under "${licence}"`);
  }
  const lines = rows.map((row) => `  [${row.map((word) => JSON.stringify(word)).join(", ")}],`);
  return [
    "// Written by scripts/licences.mjs --write.",
    "",
    "/** Name, version and licence of everything that ships. */",
    "export const LIBRARIES: [string, string, string][] = [",
    ...lines,
    "];",
    "",
  ].join("\n");
}

await main(async ([option]) => {
  const path = join(ROOT, SHOWN);
  // Without the file there is no page from which to learn what it is made of.
  if (option === "--write" && !existsSync(path)) writeFileSync(path, "export const LIBRARIES = [];\n");
  if (!checked()) return 1;
  const list = await shown();
  if (option === "--write") {
    writeFileSync(path, list);
  } else if (readFileSync(path, "utf8") !== list) {
    console.error(`${SHOWN} is out of date: run "node scripts/licences.mjs --write"`);
    return 1;
  }
  return 0;
});
