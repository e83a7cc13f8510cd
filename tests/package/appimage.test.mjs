// The AppImage on a system that has its libraries, without FUSE.
import { takePicture } from "../window/picture.mjs";
import { connect, talkToEcho } from "./person.mjs";
import { rootWith } from "./root.mjs";
import { appImageTest, depends, made, TITLE } from "./stage.mjs";

appImageTest("the AppImage talks to Echo", async (stage) => {
  await stage.desktop();
  const root = await stage.root(await rootWith(depends()));
  root.put(made(".AppImage"), "/opt/p2p-comm.AppImage");
  stage.start(["/opt/p2p-comm.AppImage", "--appimage-extract-and-run"]);
  await stage.home.screen.window(TITLE);
  await connect(stage.home, stage.reader);
  await talkToEcho(stage.home, stage.reader, "is anybody there");
  await takePicture(stage.home, "appimage");
});
