// The AppImage: what the .deb holds, with a start script, as a compressed file system behind a small program that mounts
// it. It is thin: the web view is the system's own, which is there on every current desktop and which the system keeps up to
// date; a copy in here would be ten times as large, and nobody would close its holes.
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../lib/release.mjs";
import { must, Stop } from "../lib/run.mjs";
import { date } from "./files.mjs";
import { PACKAGES, RELEASE, SOURCES, STAGING } from "./places.mjs";
import { withRuntime } from "./runtime.mjs";

/** As the names of AppImages have it. */
const MACHINE = { x64: "x86_64", arm64: "aarch64" };
/** With larger blocks it is smaller by a megabyte, and starts later: what a page of a program needs, is unpacked whole. */
const COMPRESSION = ["-comp", "zstd", "-Xcompression-level", "19", "-b", "256K"];

/** Makes it beside the other packages. */
export async function appImage() {
  const directory = join(STAGING, "AppDir");
  fill(directory);
  const compressed = join(STAGING, "AppDir.sqfs");
  await squash(directory, compressed, String(date().getTime() / 1000));
  const path = join(PACKAGES, `p2p-comm_${version()}_${MACHINE[process.arch] ?? process.arch}.AppImage`);
  writeFileSync(path, withRuntime(readFileSync(compressed)));
  chmodSync(path, 0o755);
}

/** Makes a file system of this directory that the program in front can read. */
export async function squash(directory, path, seconds) {
  rmSync(path, { force: true });
  const options = ["-root-owned", "-noappend", "-no-xattrs", "-quiet", "-no-progress", ...COMPRESSION];
  await must("mksquashfs", [directory, path, ...options, "-all-time", seconds, "-mkfs-time", seconds]);
}

/** The tree of the .deb, as the bundler left it, and what an AppImage has at its top. */
function fill(directory) {
  const bundle = join(RELEASE, "bundle/deb");
  const tree = readdirSync(bundle).find((name) => existsSync(join(bundle, name, "data/usr")));
  if (tree === undefined) throw new Stop(`${bundle} holds no tree of a package.`);
  cpSync(join(bundle, tree, "data"), directory, { recursive: true });
  cpSync(join(SOURCES, "linux/AppRun"), join(directory, "AppRun"));
  chmodSync(join(directory, "AppRun"), 0o755);
  symlinkSync("usr/share/applications/p2p-comm.desktop", join(directory, "p2p-comm.desktop"));
  symlinkSync("usr/share/icons/hicolor/256x256/apps/p2p-comm.png", join(directory, "p2p-comm.png"));
  symlinkSync("p2p-comm.png", join(directory, ".DirIcon"));
}
