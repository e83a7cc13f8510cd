// Checks what the app is made of: every Rust package comes from a package registry (no git, no patch)
// and under a licence on this list.
import { main, output } from "./lib/run.mjs";

const ALLOWED = new Set([
  "0BSD",
  "Apache-2.0",
  "Apache-2.0 WITH LLVM-exception",
  "BSD-2-Clause",
  "BSD-3-Clause",
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

await main(() => {
  const host = /^host: (.*)$/m.exec(output("rustc", ["-vV"]))?.[1];
  const metadata = output("cargo", ["metadata", "--format-version", "1", "--locked", "--filter-platform", host]);
  if (metadata === undefined) {
    console.error("cargo metadata --locked fails: is Cargo.lock up to date?");
    return 1;
  }
  const packages = JSON.parse(metadata).packages.filter(({ source }) => source !== null);
  const broken = packages.flatMap(({ name, version, source, license }) => {
    const what = `${name} ${version}`;
    if (!source.startsWith("registry+")) return [`${what} comes from ${source}`];
    return allowed(license ?? "") ? [] : [`${what} is under ${license ?? "no named licence"}`];
  });
  for (const sentence of broken) console.error(sentence);
  if (broken.length === 0) console.log(`${packages.length} packages come from a registry under licences of the list`);
  return broken.length === 0 ? 0 : 1;
});
