// What is in the packages for Linux beside the app, its icons and its desktop entry, which the bundler puts there.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { gzipSync } from "node:zlib";
import { changes, version } from "../lib/release.mjs";
import { output, ROOT, Stop } from "../lib/run.mjs";
import { MAINTAINER } from "./config.mjs";
import { RELEASE, SOURCES, STAGING } from "./places.mjs";

/** Every file by its place in the packages. */
export function linuxFiles() {
  const [app, cli] = ["p2p-comm", "p2p-comm-cli"].map((name) => join(RELEASE, name));
  const manual = filled("p2p-comm-cli.1");
  refuseSilence(cli, manual);
  refuseSilence(app, filled("p2p-comm.1"));
  return {
    "/usr/bin/p2p-comm-cli": cli,
    "/usr/share/icons/hicolor/scalable/apps/p2p-comm.svg": join(ROOT, "src-tauri/icons/icon.svg"),
    "/usr/share/metainfo/org.p2pcomm.app.metainfo.xml": made("metainfo.xml", filled("org.p2pcomm.app.metainfo.xml")),
    "/usr/share/man/man1/p2p-comm.1.gz": made("p2p-comm.1.gz", gzipped(filled("p2p-comm.1"))),
    "/usr/share/man/man1/p2p-comm-cli.1.gz": made("p2p-comm-cli.1.gz", gzipped(manual)),
    "/usr/share/doc/p2p-comm/copyright": join(SOURCES, "linux/copyright"),
    "/usr/share/doc/p2p-comm/changelog.gz": made("changelog.gz", gzipped(debianChangelog())),
  };
}

/** A page of `packaging/linux` with the version and its date. */
function filled(name) {
  const text = readFileSync(join(SOURCES, "linux", name), "utf8");
  return text.replaceAll("@VERSION@", version()).replaceAll("@DATE@", date().toISOString().slice(0, 10));
}

/** The date of this version; of one that is not released yet, that of the last commit, so that a second build is the same. */
export function date() {
  const named = changes().find((section) => section.version === version())?.date;
  const seconds = output("git", ["log", "-1", "--format=%ct"]) ?? Date.now() / 1000;
  return named === undefined ? new Date(Number(seconds) * 1000) : new Date(`${named}T12:00:00Z`);
}

function made(name, content) {
  mkdirSync(STAGING, { recursive: true });
  const path = join(STAGING, name);
  writeFileSync(path, content);
  return path;
}

const gzipped = (text) => gzipSync(text, { level: 9 });

/** As Debian writes it: deb-changelog(5). */
function debianChangelog() {
  const day = date().toUTCString().replace("GMT", "+0000");
  return `p2p-comm (${version()}) unstable; urgency=medium\n\n  * What is new is in CHANGELOG.md.\n\n -- ${MAINTAINER}  ${day}\n`;
}

/** Every option and command that the program tells of is in its manual. */
function refuseSilence(program, manual) {
  const text = manual.replaceAll("\\-", "-");
  const told = (...args) => {
    const help = output(program, args);
    if (help === undefined) throw new Stop(`${program} ${args.join(" ")} fails.`);
    return help;
  };
  const commands = [
    ...told("--help")
      .split("Options:")[0]
      .matchAll(/^ {2}(\w+) {2}/gm),
  ].map(([, name]) => name);
  const pages = [told("--help"), ...commands.map((name) => told("help", name))];
  const options = pages.flatMap((page) => page.match(/--[a-z][a-z-]+/g) ?? []);
  const missing = [...new Set([...commands, ...options])].filter((word) => !text.includes(word));
  if (missing.length > 0) throw new Stop(`The manual of ${basename(program)} says nothing of ${missing.join(", ")}.`);
}
