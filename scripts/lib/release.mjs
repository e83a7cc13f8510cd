// What must agree before a release: each check gives the broken rules, each as a sentence.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./run.mjs";

const WORKFLOWS = ".github/workflows";

const text = (path) => readFileSync(join(ROOT, path), "utf8");
const json = (path) => JSON.parse(text(path));

/** The one version, in `[workspace.package]` of Cargo.toml, from which the packages, the window and the bundler have it. */
export function version() {
  return /^\[workspace\.package\][^[]*?^version = "([^"]+)"$/ms.exec(text("Cargo.toml"))?.[1];
}

/** Whatever else names a version names the same. `tag`: the one that is released. */
export function brokenVersions(tag) {
  const one = version();
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(one ?? "")) return [`Cargo.toml: ${one ?? "nothing"} is no version`];
  const lock = json("package-lock.json");
  const named = {
    "package.json": json("package.json").version,
    "package-lock.json": lock.version,
    'package-lock.json, packages[""]': lock.packages[""].version,
    // Without a version of its own the bundler takes that of Cargo.toml.
    "tauri.conf.json": json("tauri.conf.json").version ?? one,
    ...Object.fromEntries(lockedVersions().map(([name, locked]) => [`Cargo.lock, ${name}`, locked])),
  };
  if (tag !== undefined) named["the tag"] = tag.replace(/^v/, "");
  const broken = Object.entries(named).filter(([, other]) => other !== one);
  const own = manifests().filter((path) => !/^version\.workspace = true$/m.test(text(path)));
  return [
    ...broken.map(([place, other]) => `${place} says ${other}, and Cargo.toml ${one}`),
    ...own.map((path) => `${path} does not take the version of the workspace: version.workspace = true`),
  ];
}

/** The program's own crates in Cargo.lock: those without a source. */
function lockedVersions() {
  const entries = text("Cargo.lock").split("[[package]]").slice(1);
  const own = entries.filter((entry) => !/^source = /m.test(entry));
  return own
    .map((entry) => [/^name = "(.*)"$/m.exec(entry)[1], /^version = "(.*)"$/m.exec(entry)[1]])
    .filter(([name]) => name.startsWith("p2p-comm"));
}

function manifests() {
  const crates = readdirSync(join(ROOT, "crates")).map((name) => `crates/${name}/Cargo.toml`);
  return ["Cargo.toml", ...crates].filter((path) => existsSync(join(ROOT, path)));
}

/** The sections of CHANGELOG.md: `{ version, date, text }`, where the first may be "Unreleased". */
export function changes() {
  const [, ...sections] = text("CHANGELOG.md").split(/^## /m);
  return sections.map((section) => {
    const [head, ...rest] = section.split("\n");
    const [, name, date] = /^\[?([^\]\s]+)\]?(?:\s+[-–]\s+(\d{4}-\d{2}-\d{2}))?\s*$/.exec(head) ?? [undefined, head];
    return { version: name, date, text: rest.join("\n").trim() };
  });
}

/** Something is said of this version; of one that is released, under its number and with a date. */
export function brokenChangelog(tag) {
  const one = version();
  const sections = changes();
  const section = sections.find((found) => found.version === one);
  if (tag === undefined) {
    const open = section ?? sections.find((found) => found.version === "Unreleased");
    if (open === undefined) return [`CHANGELOG.md has no section for ${one}, nor "## Unreleased"`];
    return /^- /m.test(open.text) ? [] : [`CHANGELOG.md, ${open.version}: nothing is said there`];
  }
  if (section === undefined) return [`CHANGELOG.md has no section "## ${one} - YEAR-MONTH-DAY"`];
  const broken = [];
  if (section.date === undefined)
    broken.push(`CHANGELOG.md, ${one}: its date is missing: "## ${one} - YEAR-MONTH-DAY"`);
  if (!/^- /m.test(section.text)) broken.push(`CHANGELOG.md, ${one}: nothing is said there`);
  return broken;
}

/** Every action is the commit that was looked at, with its version beside it; nobody can put another one under its tag. */
export function brokenActions() {
  const files = readdirSync(join(ROOT, WORKFLOWS)).filter((name) => /\.ya?ml$/.test(name));
  if (files.length === 0) return [`${WORKFLOWS} is empty`];
  return files.flatMap((file) => {
    const lines = text(`${WORKFLOWS}/${file}`).split("\n");
    const uses = lines.map((line, n) => [n + 1, /^\s*(?:- )?uses:\s*(.*)$/.exec(line)?.[1]]).filter(([, use]) => use);
    return uses
      .filter(([, use]) => !use.startsWith("./") && !/^[\w./-]+@[0-9a-f]{40} # v\d+(\.\d+){2}$/.test(use))
      .map(([n, use]) => `${WORKFLOWS}/${file}:${n}: not pinned as "owner/name@COMMIT # vX.Y.Z": ${use}`);
  });
}
