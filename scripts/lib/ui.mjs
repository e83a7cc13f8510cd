// The JavaScript packages and the built page, each made again only when what it is made of has changed.
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { must, ROOT } from "./run.mjs";

const LOCK = join(ROOT, "package-lock.json");
const STAMP = join(ROOT, "node_modules/.installed-lock");
const PAGE = join(ROOT, "ui/dist/index.html");
const NOT_SOURCES = new Set(["dist", "node_modules"]);

/** Installs the npm packages exactly as locked. Returns a remark. */
export async function npmPackages() {
  const lock = createHash("sha256").update(readFileSync(LOCK)).digest("hex");
  if (existsSync(STAMP) && readFileSync(STAMP, "utf8") === lock) return "unchanged";
  await must("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
  writeFileSync(STAMP, lock);
  return "installed";
}

/** Builds `ui/dist`. Returns a remark. */
export async function uiBuild() {
  const sources = Math.max(newest(join(ROOT, "ui")), statSync(LOCK).mtimeMs);
  if (existsSync(PAGE) && statSync(PAGE).mtimeMs > sources) return "unchanged";
  await must("npm", ["run", "--silent", "ui:build"]);
  return "built";
}

/** The time of the last change below a directory; a directory counts too, for files that went away. */
function newest(directory) {
  let time = 0;
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    if (NOT_SOURCES.has(entry.name)) continue;
    const path = join(directory, entry.name);
    time = Math.max(time, statSync(path).mtimeMs, entry.isDirectory() ? newest(path) : 0);
  }
  return time;
}
