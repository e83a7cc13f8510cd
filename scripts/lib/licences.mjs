// What ends up in the app: rows of [name, version, licence].
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST as RUNTIME } from "../package/runtime.mjs";
import { output, ROOT, Stop } from "./run.mjs";

/** The systems that the app is built for. Every one of them writes the same list. */
const LINUX = "x86_64-unknown-linux-gnu";
const TARGETS = [LINUX, "x86_64-pc-windows-msvc", "aarch64-apple-darwin"];

/** What ships: the app, and the program in front of the AppImage. */
export const MANIFESTS = [join(ROOT, "Cargo.toml"), RUNTIME];

/** Packages of which `ui/words.ts` takes word lists, which the bundler does not see, and what they ask to be told. */
const LISTS = {
  "@zxcvbn-ts/language-common": "",
  "@zxcvbn-ts/language-en": "; words from OpenSubtitles 2024 through OPUS: ODC-BY",
};

/** The crates in what ships: nothing of tests, build scripts and macros, which only run while it is built. */
export function crates() {
  const [app, runtime] = MANIFESTS;
  return sorted([...TARGETS.flatMap((target) => cratesFor(app, target)), ...cratesFor(runtime, LINUX)]);
}

/** The npm packages of which the page holds code, as the bundler says, and word lists. */
export async function packages() {
  const { build } = await import("vite");
  const fileName = "licences.json";
  const made = await build({
    root: join(ROOT, "ui"),
    logLevel: "error",
    build: { write: false, reportCompressedSize: false, license: { fileName } },
  });
  const list = made.output.find((file) => file.fileName === fileName);
  if (list === undefined) throw new Stop("vite made no list of licences");
  const bundled = JSON.parse(list.source).map(({ name, version, identifier, text }) => {
    // Some name their licence only in the file beside them.
    return [name, version, identifier || (/^MIT License/.test(text) ? "MIT" : "")];
  });
  const lists = Object.entries(LISTS).map(([name, notice]) => {
    const { version, license } = JSON.parse(readFileSync(join(ROOT, "node_modules", name, "package.json"), "utf8"));
    return [name, version, license + notice];
  });
  return sorted([...bundled, ...lists]);
}

/** What cargo knows of this manifest and everything that it needs on this system. */
export function metadata(manifest, target) {
  const options = ["--format-version", "1", "--locked", "--filter-platform", target, "--manifest-path", manifest];
  const text = output("cargo", ["metadata", ...options]);
  if (text === undefined)
    throw new Stop(`cargo metadata --locked fails for ${manifest}: is its Cargo.lock up to date?`);
  return JSON.parse(text);
}

function cratesFor(manifest, target) {
  const { packages, resolve } = metadata(manifest, target);
  const byId = new Map(packages.map((one) => [one.id, one]));
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const reached = new Set();
  const reach = (id) => {
    if (reached.has(id) || byId.get(id).targets.some(({ kind }) => kind.includes("proc-macro"))) return;
    reached.add(id);
    for (const { pkg, dep_kinds } of nodes.get(id).deps) if (dep_kinds.some(({ kind }) => kind === null)) reach(pkg);
  };
  reach(resolve.root);
  return [...reached]
    .map((id) => byId.get(id))
    .filter(({ source }) => source !== null)
    .map(({ name, version, license }) => [name, version, (license ?? "").replaceAll(/\s*\/\s*/g, " OR ")]);
}

/** By name and version, each once. */
function sorted(rows) {
  const keyed = new Map(rows.map((row) => [row.slice(0, 2).join(" "), row]));
  return [...keyed].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
