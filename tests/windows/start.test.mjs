// The app of Windows where the web view is missing, as it is in Wine. Needs P2P_COMM_MSI.
import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startDesktops } from "../window/desktop.mjs";
import { takePicture } from "../window/picture.mjs";
import * as wine from "./wine.mjs";

test("without WebView2 a dialog says how it is installed", { timeout: 120_000 }, async () => {
  const desktops = await startDesktops();
  try {
    const home = await desktops.open("windows");
    const built = join(process.env.P2P_COMM_MSI, "..");
    const app = wine.ready(join(built, "p2p-comm.exe"));
    const started = wine.start([app], { DISPLAY: home.env.DISPLAY });
    await started.line("the reason", (line) => line.includes("WebView2, which draws the window, is not installed"));
    await home.screen.window(/^P2P Privacy Communications$/);
    await takePicture(home, "windows-without-web-view");
    await home.screen.keys("Return");
    assert.equal(await started.ended, 1);
  } finally {
    await desktops.stop();
  }
});
