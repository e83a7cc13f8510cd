// A start in which something is missing says what, and what to do.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../window/wait.mjs";
import { choose } from "./person.mjs";
import { bareRoot, rootWith } from "./root.mjs";
import { ROLE } from "./screenreader.mjs";
import { depends, install, installed, made, packageTest, TITLE } from "./stage.mjs";

const DAMAGE = "no such thing {";

/** Puts nonsense into a file of the person's. @returns its path */
function damage(home, directory, name) {
  mkdirSync(join(home.directory, directory), { recursive: true, mode: 0o700 });
  const path = join(home.directory, directory, name);
  writeFileSync(path, DAMAGE, { mode: 0o600 });
  return path;
}

packageTest("without a display the program says so and names the one without a window", async (stage) => {
  const root = await install(stage);
  const program = root.start(["p2p-comm"], { HOME: "/root" });
  assert.equal(await program.exited, 1);
  await program.closed;
  assert.match(program.output(), /no display[\s\S]*p2p-comm-cli/);
  assert.doesNotMatch(program.output(), /panicked/);
});

packageTest("a display that cannot be reached is named", async (stage) => {
  const root = await install(stage);
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

packageTest("a damaged web view is named in a dialog, with the command that installs it anew", async (stage) => {
  const root = await installed(stage);
  await root.run(["sh", "-c", ": >$(readlink -f /usr/lib/*/webkit2gtk-4.1/WebKitNetworkProcess)"]);
  const program = stage.start(["p2p-comm"]);
  await stage.reader.says(/cannot start[\s\S]*sudo apt install --reinstall libwebkit2gtk-4\.1-0/);
  await stage.reader.press(await stage.reader.part(ROLE.button, /^Close$/));
  assert.notEqual(await program.exited, 0);
  assert.match(program.output(), /cannot start[\s\S]*sudo apt install --reinstall libwebkit2gtk-4\.1-0/);
});

packageTest("settings that cannot be written are told in the window and on standard error", async (stage) => {
  await installed(stage);
  const program = stage.start(["p2p-comm"], { P2P_COMM_DATA_DIR: "/proc/p2p-comm" });
  await stage.home.screen.window(TITLE);
  await choose(stage.reader, /^Start hidden/);
  await stage.reader.says(/settings cannot be written/);
  await until("it is said", async () => /settings were not written/.test(program.output()));
});

packageTest("damaged settings are set aside, and told in the window and on standard error", async (stage) => {
  await installed(stage);
  damage(stage.home, ".config/org.p2pcomm.app", "settings.json");
  const program = stage.start(["p2p-comm"]);
  await stage.reader.says(/set aside as settings\.damaged\.json/);
  assert.match(program.output(), /settings are damaged/);
});

packageTest(
  "what was remembered and is damaged is told in the window, with a way out, and stays as it is",
  async (stage) => {
    await installed(stage);
    const file = damage(stage.home, ".local/share/org.p2pcomm.app", "store.key.json");
    damage(stage.home, ".local/share/org.p2pcomm.app", "store.db");
    stage.start(["p2p-comm"]);
    await stage.reader.says(/remembered is damaged/);
    assert.equal(readFileSync(file, "utf8"), DAMAGE);
  },
);

packageTest("without a message bus the window opens all the same", async (stage) => {
  await installed(stage);
  const program = stage.start(["p2p-comm"], {
    DBUS_SESSION_BUS_ADDRESS: "unix:path=/nowhere",
    RUST_LOG: "p2p_comm=info",
  });
  await stage.home.screen.window(TITLE);
  await until("the window is ready", () => program.output().includes("window ready"));
});

packageTest(
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

packageTest("the AppImage names a damaged library, and the command that installs it anew", async (stage) => {
  const root = await stage.root(await rootWith(depends()));
  root.put(made(".AppImage"), "/opt/p2p-comm.AppImage");
  await root.run(["sh", "-c", ": >$(readlink -f /usr/lib/*/libasound.so.2)"]);
  const program = root.start(["/opt/p2p-comm.AppImage", "--appimage-extract-and-run"], { HOME: "/root" });
  assert.equal(await program.exited, 127);
  await program.closed;
  assert.match(program.output(), /damaged[^\n]*libasound\.so\.2/);
  assert.match(program.output(), /sudo apt install --reinstall libasound2/);
});

packageTest("started from a desktop the AppImage says in a dialog what is missing", async (stage) => {
  const root = await stage.root(bareRoot());
  root.put(made(".AppImage"), "/opt/p2p-comm.AppImage");
  // The dialogs of a desktop, as far as a start script needs them.
  await root.run([
    "sh",
    "-c",
    "printf '#!/bin/sh\\nprintf %%s \"$*\" >/shown\\n' >/usr/bin/zenity && chmod 755 /usr/bin/zenity",
  ]);
  const program = root.start(["/opt/p2p-comm.AppImage", "--appimage-extract-and-run"], {
    HOME: "/root",
    DISPLAY: ":47",
  });
  assert.equal(await program.exited, 127);
  assert.match(await root.run(["cat", "/shown"]), /--error[\s\S]*libwebkit2gtk-4\.1\.so\.0[\s\S]*sudo apt install/);
});

packageTest("the command that the AppImage names is enough for it to start", async (stage) => {
  const root = await stage.root(await rootWith(depends()));
  root.put(made(".AppImage"), "/opt/p2p-comm.AppImage");
  const version = await root.run(["/opt/p2p-comm.AppImage", "--appimage-extract-and-run", "--version"], {
    HOME: "/root",
  });
  assert.match(version, /^p2p-comm \d/m);
});
