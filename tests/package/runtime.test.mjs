// The program in front of the AppImage, with a small app behind it that runs the command it is given: with FUSE and
// without, on damage, and what is left when the app has ended.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { squash } from "../../scripts/package/appimage.mjs";
import { withRuntime } from "../../scripts/package/runtime.mjs";
import { start } from "../window/process.mjs";
import { until } from "../window/wait.mjs";
import { made } from "./stage.mjs";

const NOBODY = "65534";
/** Larger than a block, and nothing in it can be compressed. */
const LARGE_BYTES = 700_001;
const DAMAGED = /small\.AppImage is damaged, or was not downloaded to its end/;

const TEST_DEADLINE_MS = 60_000;

const runtimeTest = (title, body) => test(title, { timeout: TEST_DEADLINE_MS }, body);

let home;
let image;
/** Of the file: where the file system begins. */
let offset;

before(async () => {
  home = fs.mkdtempSync(join(tmpdir(), "p2p-comm-runtime-"));
  fs.chmodSync(home, 0o755);
  const app = join(home, "app");
  fs.mkdirSync(join(app, "usr/share/empty"), { recursive: true });
  fs.writeFileSync(join(app, "AppRun"), '#!/bin/sh\nexec "$@"\n', { mode: 0o755 });
  fs.writeFileSync(join(app, "usr/large"), randomBytes(LARGE_BYTES));
  fs.writeFileSync(join(app, "usr/even"), Buffer.alloc(LARGE_BYTES, "even "));
  fs.writeFileSync(join(app, "usr/share/text"), "words\n");
  fs.symlinkSync("usr/share/text", join(app, "link"));
  const squashed = join(home, "app.sqfs");
  await squash(app, squashed, "1700000000");
  offset = Number(execFileSync(made(".AppImage"), ["--appimage-offset"], { encoding: "utf8" }));
  const front = fs.readFileSync(made(".AppImage")).subarray(0, offset);
  image = join(home, "small.AppImage");
  fs.writeFileSync(image, withRuntime(fs.readFileSync(squashed), front), { mode: 0o755 });
});

after(() => fs.rmSync(home, { recursive: true, force: true }));

/** A directory for what the AppImage makes. */
function place() {
  const directory = fs.mkdtempSync(join(home, "tmp-"));
  fs.chmodSync(directory, 0o777);
  return directory;
}

const within = (directory) => ({ PATH: process.env.PATH, TMPDIR: directory });

/** Runs it to its end. `before`: what the system is made to be, as the beginning of a command. */
async function run(args, { env = within(place()), before = [], file = image, cwd } = {}) {
  const [command, ...rest] = [...before, file, ...args];
  const program = start(command, rest, { env, cwd });
  const code = await program.exited;
  await program.closed;
  await program.stop();
  await until("nothing is left", () => fs.readdirSync(env.TMPDIR).length === 0);
  return { code, said: program.output() };
}

/** A command in a system that is changed like this, which nobody else sees. */
const where = (change) => ["unshare", "--mount", "sh", "-c", `${change} && exec "$@"`, "sh"];
/** Where nothing is a device but /dev/null, and what these commands make in `.`. */
const withDevices = (more) => {
  const null_ = "mknod -m 666 null c 1 3";
  return where(`mount -t tmpfs none /dev && (cd /dev && ${null_} && ${more})`);
};
const FUSE = "mknod -m 666 fuse c 10 229";
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];

const sums = [
  "sh",
  "-c",
  'cd "$APPDIR" && find . -type f -exec sha256sum {} + | sort && find . -type l -exec readlink {} +',
];
const own = () => execFileSync(sums[0], sums.slice(1), { env: { APPDIR: join(home, "app") }, encoding: "utf8" });

runtimeTest("the app finds every file as it was, mounted and unpacked", async () => {
  const mounted = await run([...sums]);
  assert.deepEqual(mounted, { code: 0, said: own() });
  assert.deepEqual(await run(["--appimage-extract-and-run", ...sums]), mounted);
  assert.deepEqual(await run(sums, { env: { ...within(place()), APPIMAGE_EXTRACT_AND_RUN: "1" } }), mounted);
});

runtimeTest("the app gets its arguments, and is told where it is", async () => {
  const cwd = fs.realpathSync(place());
  const words = [
    "sh",
    "-c",
    'printf "%s\\n" "$APPIMAGE" "$OWD" "$ARGV0" "$0" "$(dirname "$APPDIR")"; pwd',
    "two words",
  ];
  const env = within(place());
  const link = join(cwd, "p2p-comm-cli");
  fs.symlinkSync(image, link);
  const { said } = await run(words, { env, cwd, file: link });
  assert.deepEqual(said.trim().split("\n"), [image, cwd, link, "two words", env.TMPDIR, cwd]);
});

runtimeTest("the program alone starts the file that TARGET_APPIMAGE names, and the app does not see that", async () => {
  const alone = join(place(), "program");
  fs.writeFileSync(alone, fs.readFileSync(image).subarray(0, offset), { mode: 0o755 });
  const env = { ...within(place()), TARGET_APPIMAGE: image };
  const { said } = await run(["sh", "-c", 'echo "$APPIMAGE" "$TARGET_APPIMAGE"'], { env, file: alone });
  assert.equal(said, `${image} \n`);
});

runtimeTest("nobody else can look into what is mounted or unpacked", async () => {
  const look = [
    "sh",
    "-c",
    'stat -c %a "$(dirname "$APPDIR")/$(basename "$APPDIR")"; grep -c "$APPDIR fuse.*ro,nosuid,nodev" /proc/mounts',
  ];
  assert.match((await run(["--appimage-extract-and-run", ...look])).said, /^700\n0\n/);
  assert.match((await run(look)).said, /\n1\n/);
  const other = ["setpriv", `--reuid=${NOBODY}`, "--clear-groups", "ls", "$APPDIR"].join(" ");
  assert.match((await run(["sh", "-c", `${other} 2>&1`])).said, /Permission denied/);
});

for (const option of [[], ["--appimage-extract-and-run"]]) {
  const how = option.length === 0 ? "mounted" : "unpacked";

  runtimeTest(`${how}, it ends as the app ends`, async () => {
    assert.equal((await run([...option, "sh", "-c", "exit 42"])).code, 42);
    assert.equal((await run([...option, "sh", "-c", "kill -TERM $$"])).code, null);
  });

  runtimeTest(`${how}, nothing is left of an app that was killed`, async () => {
    const env = within(place());
    const program = start(image, [...option, "sh", "-c", "echo there; exec sleep infinity"], { env });
    await until("it runs", () => program.output().includes("there"));
    process.kill(program.pid, "SIGKILL");
    await until("nothing is left", () => fs.readdirSync(env.TMPDIR).length === 0);
    assert.doesNotMatch(fs.readFileSync("/proc/mounts", "utf8"), new RegExp(env.TMPDIR));
  });

  runtimeTest(`${how}, a child that the app leaves behind keeps its files`, async () => {
    const env = within(place());
    const [go, done] = ["go", "done"].map((name) => join(place(), name));
    // It has nothing of the app but its working directory.
    const child = `cd "$APPDIR/usr/share" && env -i PATH="$PATH" setsid sh -c 'until [ -e ${go} ]; do sleep 0.02; done; cat text >${done}' </dev/null >/dev/null 2>&1 &`;
    const program = start(image, [...option, "sh", "-c", child], { env });
    assert.equal(await program.exited, 0);
    fs.writeFileSync(go, "");
    await until("it has read", () => fs.existsSync(done) && fs.readFileSync(done, "utf8") === "words\n");
    await until("nothing is left", () => fs.readdirSync(env.TMPDIR).length === 0);
  });
}

runtimeTest("without FUSE it says so, and unpacks itself for the run", async () => {
  const { code, said } = await run(sums, { before: withDevices("true") });
  assert.equal(
    said,
    `small.AppImage is unpacked for this run, for it cannot be mounted: there is no /dev/fuse.\n${own()}`,
  );
  assert.equal(code, 0);
});

runtimeTest("without fusermount it names the package, and unpacks itself for the run", async () => {
  const env = { ...within(place()), FUSERMOUNT_PATH: "/nowhere/fusermount3" };
  const { code, said } = await run(["echo", "it runs"], { env, before: [...withDevices(FUSE), ...AS_NOBODY] });
  assert.match(said, /cannot be mounted: the package fuse3 is missing[^\n]*\nit runs\n/);
  assert.equal(code, 0);
});

runtimeTest("who is not root mounts it with fusermount", async () => {
  const { code, said } = await run(sums, { before: [...withDevices(FUSE), ...AS_NOBODY] });
  assert.equal(said, own());
  assert.equal(code, 0);
});

runtimeTest("a file that does not go to its end is named as damaged", async () => {
  const whole = fs.readFileSync(image);
  const file = join(place(), "small.AppImage");
  for (const length of [offset, offset + 10, offset + 5000, whole.length - 1, whole.length - 4096]) {
    fs.writeFileSync(file, whole.subarray(0, length), { mode: 0o755 });
    const { code, said } = await run(["true"], { file });
    assert.equal(code, 1, said);
    assert.match(said, DAMAGED);
  }
});

runtimeTest("damage anywhere behind the program is noticed before the app reads it", async () => {
  const whole = fs.readFileSync(image);
  const file = join(place(), "small.AppImage");
  const step = Math.ceil((whole.length - offset) / 40);
  for (let at = offset; at < whole.length; at += step) {
    const damaged = Buffer.from(whole);
    damaged[at] ^= 1;
    fs.writeFileSync(file, damaged, { mode: 0o755 });
    const { code, said } = await run(["--appimage-extract"], { file, cwd: place() });
    assert.match(said, DAMAGED, `byte ${at - offset} of the image`);
    assert.equal(code, 1);
  }
});

runtimeTest("damage in one file is told when that is read", async () => {
  const damaged = fs.readFileSync(image);
  const large = fs.readFileSync(join(home, "app/usr/large"));
  damaged[damaged.indexOf(large.subarray(0, 1000)) + 300_000] ^= 1;
  const file = join(place(), "small.AppImage");
  fs.writeFileSync(file, damaged, { mode: 0o755 });
  const { said } = await run(["sh", "-c", 'cat "$APPDIR/usr/share/text"; cat "$APPDIR/usr/large" >/dev/null'], {
    file,
  });
  assert.match(said, /^words\n/);
  assert.match(said, DAMAGED);
  assert.match(said, /Input\/output error/);
});

runtimeTest("without room it says where, and what to do", async () => {
  const env = within(place());
  const before = where(`mount -t tmpfs -o size=300k none ${env.TMPDIR}`);
  const { code, said } = await run(["--appimage-extract-and-run", "true"], { env, before });
  assert.match(said, new RegExp(`cannot be unpacked to ${env.TMPDIR}/\\S+: No space left[^\\n]*TMPDIR`));
  assert.equal(code, 1);
  const nowhere = { ...env, TMPDIR: "/proc/nowhere" };
  const refused = start(image, ["true"], { env: nowhere });
  assert.equal(await refused.exited, 1);
  assert.match(refused.output(), /no directory can be made in \/proc\/nowhere[^\n]*TMPDIR/);
});

runtimeTest("where no program may run it says so", async () => {
  const env = within(place());
  const before = where(`mount -t tmpfs -o noexec none ${env.TMPDIR}`);
  const { code, said } = await run(["--appimage-extract-and-run", "true"], { env, before });
  assert.match(said, new RegExp(`no program may run in ${env.TMPDIR}[^\\n]*TMPDIR`));
  assert.equal(code, 1);
});

runtimeTest("--appimage-extract unpacks all, or what matches", async () => {
  const all = place();
  assert.equal((await run(["--appimage-extract"], { cwd: all })).code, 0);
  execFileSync("diff", ["--recursive", "--no-dereference", join(home, "app"), join(all, "squashfs-root")]);
  assert.ok(fs.statSync(join(all, "squashfs-root/usr/share/empty")).isDirectory());
  const some = place();
  const { said } = await run(["--appimage-extract", "usr/s*"], { cwd: some });
  assert.match(said, /^squashfs-root\/usr\/share\n/);
  const found = fs.readdirSync(join(some, "squashfs-root"), { recursive: true }).sort();
  assert.deepEqual(found, ["usr", "usr/share", "usr/share/empty", "usr/share/text"]);
});

runtimeTest("--appimage-extract writes nowhere but into its directory", async () => {
  const [cwd, outside] = [place(), place()];
  fs.mkdirSync(join(cwd, "squashfs-root"));
  fs.symlinkSync(outside, join(cwd, "squashfs-root/usr"));
  assert.equal((await run(["--appimage-extract"], { cwd })).code, 1);
  assert.deepEqual(fs.readdirSync(outside), []);
  // In place of a link comes the file, and what it leads to stays.
  fs.rmSync(join(cwd, "squashfs-root"), { recursive: true });
  fs.mkdirSync(join(cwd, "squashfs-root"));
  fs.writeFileSync(join(outside, "kept"), "kept");
  fs.symlinkSync(join(outside, "kept"), join(cwd, "squashfs-root/AppRun"));
  assert.equal((await run(["--appimage-extract"], { cwd })).code, 0);
  assert.equal(fs.readFileSync(join(outside, "kept"), "utf8"), "kept");
  assert.equal(
    fs.readFileSync(join(cwd, "squashfs-root/AppRun"), "utf8"),
    fs.readFileSync(join(home, "app/AppRun"), "utf8"),
  );
});

runtimeTest("--appimage-mount mounts until it is ended", async () => {
  const env = within(place());
  const program = start(image, ["--appimage-mount"], { env });
  const directory = await until("it says where", () => /^\/.*(?=\n)/.exec(program.output())?.[0]);
  assert.equal(fs.readFileSync(join(directory, "usr/share/text"), "utf8"), "words\n");
  await program.stop();
  await until("nothing is left", () => fs.readdirSync(env.TMPDIR).length === 0);
});

runtimeTest("other tools find the file system, and the mark of an AppImage", async () => {
  const head = fs.readFileSync(image).subarray(0, 11);
  assert.equal(head.subarray(8).toString("latin1"), "AI\x02");
  const list = execFileSync("unsquashfs", ["-offset", String(offset), "-ls", image], { encoding: "utf8" });
  assert.match(list, /squashfs-root\/usr\/share\/text/);
});

runtimeTest("what it is asked for, it tells; what it does not know, it names", async () => {
  assert.match((await run(["--appimage-help"])).said, /--appimage-extract-and-run/);
  assert.match((await run(["--appimage-version"])).said, /\d+\.\d+\.\d+/);
  const { code, said } = await run(["--appimage-portable-home"]);
  assert.match(said, /no option --appimage-portable-home/);
  assert.equal(code, 1);
});
