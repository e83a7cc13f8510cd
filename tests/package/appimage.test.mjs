// The AppImage on a system that has its libraries, with FUSE and without.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { takePicture } from "../window/picture.mjs";
import { until } from "../window/wait.mjs";
import { connect, talkToEcho } from "./person.mjs";
import { mountable, packageTest, TITLE } from "./stage.mjs";

packageTest("the AppImage talks to Echo, without FUSE", async (stage) => {
  await mountable(stage);
  stage.start(["/opt/p2p-comm.AppImage", "--appimage-extract-and-run"]);
  await stage.home.screen.window(TITLE);
  await connect(stage.home, stage.reader);
  await talkToEcho(stage.home, stage.reader, "is anybody there");
  await takePicture(stage.home, "appimage");
});

packageTest("with FUSE the AppImage mounts itself, and nothing stays mounted", async (stage) => {
  assert.ok(existsSync("/dev/fuse"), "this machine has no /dev/fuse");
  const root = await mountable(stage);
  const program = stage.start(["/opt/p2p-comm.AppImage"]);
  await stage.home.screen.window(TITLE);
  const mounts = () => root.run(["cat", "/proc/self/mounts"]);
  const [, directory] = /^p2p-comm\.AppImage (\S*\/\.mount_p2p-co\w+) fuse/m.exec(await mounts());
  await program.stop();
  await until("it is unmounted", async () => !(await mounts()).includes("AppImage"));
  await root.run(["test", "!", "-e", directory]);
});
