// A start in which something is missing says what, and what to do.
import assert from "node:assert/strict";
import { until } from "../window/wait.mjs";
import { choose } from "./person.mjs";
import { bareRoot, rootWith } from "./root.mjs";
import { ROLE } from "./screenreader.mjs";
import { appImageTest, depends, installed, made, packageTest, TITLE } from "./stage.mjs";

packageTest("without a display the program says so and names the one without a window", async (stage) => {
  const root = await installed(stage);
  const program = root.start(["p2p-comm"], { HOME: "/root" });
  assert.equal(await program.exited, 1);
  await program.closed;
  assert.match(program.output(), /no display[\s\S]*p2p-comm-cli/);
  assert.doesNotMatch(program.output(), /panicked/);
});

packageTest("a display that cannot be reached is named", async (stage) => {
  const root = await installed(stage);
  const program = root.start(["p2p-comm"], { HOME: "/root", DISPLAY: ":47" });
  assert.equal(await program.exited, 1);
  await program.closed;
  assert.match(program.output(), /:47/);
});

packageTest("without a sound server the window opens, and what to install is said", async (stage) => {
  await installed(stage);
  const program = stage.start(["p2p-comm"], { PULSE_SERVER: "" });
  await stage.home.screen.window(TITLE);
  await until("it is said", async () => /no sound server[\s\S]*sudo apt install pipewire-pulse/.test(program.output()));
});

packageTest("a start that fails once the display is there says why in a dialog", async (stage) => {
  await installed(stage);
  const program = stage.start(["p2p-comm"], { TMPDIR: "/proc/nowhere" });
  await stage.reader.says(/no file can be made in \/proc\/nowhere/);
  await stage.reader.press(await stage.reader.part(ROLE.button, /^Close$/));
  assert.equal(await program.exited, 1);
});

packageTest("settings that cannot be written are told in the window and on standard error", async (stage) => {
  await installed(stage);
  const program = stage.start(["p2p-comm"], { P2P_COMM_DATA_DIR: "/proc/p2p-comm" });
  await stage.home.screen.window(TITLE);
  await choose(stage.reader, /^Start hidden/);
  await stage.reader.says(/settings cannot be written/);
  await until("it is said", async () => /settings were not written/.test(program.output()));
});

appImageTest(
  "the AppImage names the libraries that the system lacks, and the command that installs them",
  async (stage) => {
    const root = await stage.root(bareRoot());
    root.put(made(".AppImage"), "/opt/p2p-comm.AppImage");
    const program = root.start(["/opt/p2p-comm.AppImage", "--appimage-extract-and-run"], { HOME: "/root" });
    assert.equal(await program.exited, 127);
    await program.closed;
    assert.match(program.output(), /lacks[^\n]*libwebkit2gtk-4\.1\.so\.0/);
    assert.match(program.output(), /sudo apt install libwebkit2gtk-4\.1-0 libgtk-3-0 libasound2/);
  },
);

appImageTest("the command that the AppImage names is enough for it to start", async (stage) => {
  const root = await stage.root(await rootWith(depends()));
  root.put(made(".AppImage"), "/opt/p2p-comm.AppImage");
  const version = await root.run(["/opt/p2p-comm.AppImage", "--appimage-extract-and-run", "--version"], {
    HOME: "/root",
  });
  assert.match(version, /^p2p-comm \d/m);
});
