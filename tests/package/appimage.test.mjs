// The AppImage on a system that has its libraries, with FUSE and without.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { takePicture } from "../window/picture.mjs";
import { until } from "../window/wait.mjs";
import { connect, talkToEcho } from "./person.mjs";
import { rootWith } from "./root.mjs";
import { depends, made, packageTest, TITLE } from "./stage.mjs";

packageTest("the AppImage talks to Echo, without FUSE", async (stage) => {
  await stage.desktop();
  const root = await stage.root(await rootWith(depends()));
  root.put(made(".AppImage"), "/opt/p2p-comm.AppImage");
  stage.start(["/opt/p2p-comm.AppImage", "--appimage-extract-and-run"]);
  await stage.home.screen.window(TITLE);
  await connect(stage.home, stage.reader);
  await talkToEcho(stage.home, stage.reader, "is anybody there");
  await takePicture(stage.home, "appimage");
});

packageTest("with FUSE the AppImage mounts itself, and nothing stays mounted", async (stage) => {
  assert.ok(existsSync("/dev/fuse"), "this machine has no /dev/fuse");
  await stage.desktop();
  const root = await stage.root(await rootWith(depends()));
  await root.run(["apt-get", "install", "--yes", "--quiet", "--no-install-recommends", "fuse3"]);
  root.put(made(".AppImage"), "/opt/p2p-comm.AppImage");
  const program = stage.start(["/opt/p2p-comm.AppImage"]);
  await stage.home.screen.window(TITLE);
  const mounts = () => root.run(["cat", "/proc/self/mounts"]);
  const [, directory] = /^p2p-comm\.AppImage (\S*\/\.mount_p2p-co\w+) fuse/m.exec(await mounts());
  await program.stop();
  await until("it is unmounted", async () => !(await mounts()).includes("AppImage"));
  await root.run(["test", "!", "-e", directory]);
});
