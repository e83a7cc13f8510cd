// Checks that every test which SECURITY.md names exists: a claim without its test is a wish.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { main, output, ROOT } from "./lib/run.mjs";

const CLAIMS = "SECURITY.md";

await main(() => {
  const rows = readFileSync(join(ROOT, CLAIMS), "utf8")
    .split("\n")
    .filter((line) => line.startsWith("| ") && !line.startsWith("| claim"));
  const named = rows.flatMap((row) =>
    [
      ...row
        .split(" | ")
        .at(-1)
        .matchAll(/`([^`]+)`/g),
    ].map(([, name]) => name),
  );
  const missing = named.filter((name) => !exists(name));
  for (const name of missing) console.error(`${CLAIMS} names a test that is not there: ${name}`);
  const bare = rows.filter((row) => !row.split(" | ").at(-1).includes("`"));
  for (const row of bare) console.error(`${CLAIMS} has a claim without a test: ${row}`);
  if (missing.length + bare.length === 0) console.log(`${rows.length} claims, ${named.length} tests that show them`);
  return missing.length + bare.length === 0 ? 0 : 1;
});

/** A Rust test, a test with a title in words, or a file. */
function exists(name) {
  if (name.includes("/")) return existsSync(join(ROOT, name));
  const pattern = /^\w+$/.test(name) ? `fn ${name}()` : `"${name}"`;
  return output("git", ["grep", "-lF", "-e", pattern, "--", "crates", "src-tauri", "tests", "ui"]) !== undefined;
}
