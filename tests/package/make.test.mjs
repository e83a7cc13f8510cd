// How the packages are made: by the rules of the systems, of the files that are meant, and no larger than they should be.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { made } from "./stage.mjs";

const MIB = 2 ** 20;
/**
 * Far more is a mistake. Only in the .deb is what both programs share there once; the AppImage is packed more loosely, so that
 * it starts soon.
 */
const MOST_MIB = { ".deb": 15, ".rpm": 24, ".AppImage": 30 };
const ICONS = [16, 24, 32, 48, 64, 128, 256].map((size) => `hicolor/${size}x${size}/apps/p2p-comm.png`);
const FILES = [
  "/usr/bin/p2p-comm",
  "/usr/bin/p2p-comm-cli",
  "/usr/share/applications/p2p-comm.desktop",
  "/usr/share/doc/p2p-comm/changelog.gz",
  "/usr/share/doc/p2p-comm/copyright",
  ...[...ICONS, "hicolor/scalable/apps/p2p-comm.svg"].map((icon) => `/usr/share/icons/${icon}`),
  "/usr/share/man/man1/p2p-comm-cli.1.gz",
  "/usr/share/man/man1/p2p-comm.1.gz",
  "/usr/share/metainfo/org.p2pcomm.app.metainfo.xml",
].sort();

const output = (command, args) =>
  execFileSync(command, args, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });

test("lintian finds no error in the .deb", () => {
  output("lintian", ["--fail-on", "error,warning", "--tag-display-limit", "0", made(".deb")]);
});

test("the packages hold the files that are meant, all of root", () => {
  const rows = output("dpkg-deb", ["--contents", made(".deb")])
    .trim()
    .split("\n");
  const files = rows.filter((row) => row.startsWith("-")).map((row) => row.split(/\s+/));
  assert.deepEqual(files.map((columns) => columns[5].replace(/^\.?\/?/, "/")).sort(), FILES);
  assert.deepEqual([...new Set(files.map(([, owner]) => owner))], ["root/root"]);
  const programs = files.filter(([mode]) => mode.includes("x")).map((columns) => columns[5].replace(/^\.?\/?/, "/"));
  assert.deepEqual(programs.sort(), ["/usr/bin/p2p-comm", "/usr/bin/p2p-comm-cli"]);
  assert.deepEqual(
    output("rpm", ["-qlp", made(".rpm")])
      .trim()
      .split("\n")
      .sort(),
    FILES,
  );
});

test("the .deb needs the web view, GTK and sound, and no library of a tray", () => {
  const needed = output("dpkg-deb", ["--field", made(".deb"), "Depends"]);
  for (const name of ["libwebkit2gtk-4.1-0", "libgtk-3-0", "libasound2"]) assert.ok(needed.includes(name), name);
  assert.doesNotMatch(output("dpkg-deb", ["--info", made(".deb")]), /appindicator/);
  assert.match(output("rpm", ["-qRp", made(".rpm")]), /libwebkit2gtk-4\.1\.so\.0\(\)\(64bit\)/);
});

test("the desktop entry and the metadata are valid", () => {
  const directory = mkdtempSync(join(tmpdir(), "p2p-comm-package-"));
  try {
    output("dpkg-deb", ["--extract", made(".deb"), directory]);
    output("desktop-file-validate", [join(directory, "usr/share/applications/p2p-comm.desktop")]);
    output("appstreamcli", ["validate-tree", "--no-net", directory]);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test("the packages are small", () => {
  for (const [extension, limit] of Object.entries(MOST_MIB)) {
    const mib = statSync(made(extension)).size / MIB;
    assert.ok(mib < limit, `${extension}: ${mib.toFixed(1)} MiB`);
  }
});
