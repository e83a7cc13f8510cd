// What the app leaves on the disk when nobody asked it to keep anything, run as a person runs it: not driven, with the
// default places for its files.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { takePicture } from "./picture.mjs";
import { windowTest } from "./stage.mjs";
import { until } from "./wait.mjs";

const OBSERVED_MS = 4000;

/** Every file that may appear in the home directory, and why. None of them holds anything of a conversation. */
const ALLOWED = [
  [/^\.cache\/fontconfig\//, "fontconfig: an index of the fonts of the system"],
  [/^\.cache\/mesa_shader_cache/, "Mesa: compiled drawing programs"],
  [/^\.cache\/gstreamer-1\.0\/registry\./, "GStreamer: an index of the codecs of the system"],
  [/^\.config\/dconf\/user$/, "GTK: the settings database of the desktop, made when first read"],
];

windowTest("the app leaves nothing of its own behind", async (stage) => {
  const home = await stage.home("alice");
  const { P2P_COMM_DATA_DIR: _, ...env } = home.env;
  const app = stage.start({ env });
  await until("the page shows something", () => /window ready/.test(app.output()));
  await takePicture(home, "8-not-driven-alice");
  // Not a wait for something: this long the app has the time to write what it should not.
  await sleep(OBSERVED_MS);
  await app.stop();

  const files = filesBelow(home.directory);
  for (const file of files) console.log(`  ${file}: ${reasonFor(file) ?? "NOT ALLOWED"}`);
  assert.deepEqual(
    files.filter((file) => reasonFor(file) === undefined),
    [],
  );
  // The web engine's own files went to a directory that the app removes when it ends. An empty file stays that tells a
  // second start of the first; the session ends with it.
  const temporary = filesBelow(home.env.TMPDIR).filter((file) => file.startsWith("p2p-comm"));
  assert.deepEqual(temporary, ["p2p-comm/app.lock"]);
  assert.equal(readFileSync(join(home.env.TMPDIR, "p2p-comm/app.lock")).length, 0);
});

function reasonFor(file) {
  return ALLOWED.find(([path]) => (typeof path === "string" ? path === file : path.test(file)))?.[1];
}

function filesBelow(directory) {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => relative(directory, join(entry.parentPath ?? entry.path, entry.name)))
    .sort();
}
