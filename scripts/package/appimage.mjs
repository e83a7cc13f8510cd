// The AppImage: what the .deb holds, with a start script, as a compressed file system behind a small program that mounts
// it. It is thin: the web view is the system's own, which is there on every current desktop and which the system keeps up to
// date; a copy in here would be ten times as large, and nobody would close its holes.
import { createHash } from "node:crypto";
import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { version } from "../lib/release.mjs";
import { must, output, ROOT, Stop } from "../lib/run.mjs";
import { date } from "./files.mjs";
import { PACKAGES, RELEASE, SOURCES, STAGING } from "./places.mjs";

/** The program in front, from a crate that holds it; cargo checks the crate against the lock, and this the program itself. */
const RUNTIME = {
  manifest: join(ROOT, "scripts/package/runtime/Cargo.toml"),
  crate: "appimage",
  file: "assets/runtime-x86_64",
  sha256: "328e0d745c5c6817048c27bc3e8314871703f8f47ffa81a37cb06cd95a94b323",
};

/** Makes it beside the other packages. Returns a remark. */
export async function appImage() {
  if (process.arch !== "x64") return `none: there is no runtime for ${process.arch} in a package registry`;
  const directory = join(STAGING, "AppDir");
  fill(directory);
  const compressed = join(STAGING, "AppDir.sqfs");
  rmSync(compressed, { force: true });
  // This runtime reads gzip and xz. With xz it is smaller by a sixth, and starts a second later.
  const options = ["-root-owned", "-noappend", "-comp", "gzip", "-b", "1M", "-no-xattrs", "-quiet", "-no-progress"];
  await must("mksquashfs", [directory, compressed, ...options, "-all-time", String(date().getTime() / 1000)]);
  const path = join(PACKAGES, `p2p-comm_${version()}_x86_64.AppImage`);
  writeFileSync(path, Buffer.concat([runtime(), readFileSync(compressed)]));
  chmodSync(path, 0o755);
  return undefined;
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

function runtime() {
  const metadata = output("cargo", [
    "metadata",
    "--format-version",
    "1",
    "--locked",
    "--manifest-path",
    RUNTIME.manifest,
  ]);
  if (metadata === undefined)
    throw new Stop(`The runtime of AppImages cannot be fetched: cargo metadata fails for ${RUNTIME.manifest}`);
  const { manifest_path: manifest } = JSON.parse(metadata).packages.find(({ name }) => name === RUNTIME.crate);
  const bytes = readFileSync(join(dirname(manifest), RUNTIME.file));
  const sum = createHash("sha256").update(bytes).digest("hex");
  if (sum !== RUNTIME.sha256) throw new Stop(`The runtime of AppImages is another one: its SHA-256 is ${sum}`);
  return bytes;
}
