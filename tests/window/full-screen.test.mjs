// Somebody calls and writes while another program fills the screen.
import assert from "node:assert/strict";
import { start } from "./process.mjs";
import { windowTest } from "./stage.mjs";
import { change, meet, say, sees } from "./steps.mjs";
import { until } from "./wait.mjs";

const POPUP = /calls you|Incoming call/;
/** What disturbs is gone this long after something fills the screen. */
const GONE_MS = 1000;

windowTest("over a full screen nothing disturbs, and what was missed is there afterwards", async (stage) => {
  const notifications = await stage.notifications();
  const tray = await stage.tray();
  const { alice, bob } = await meet(stage);
  const screen = stage.screen("bob");
  const icon = await tray.icon("P2P Privacy Communications – bob");
  const silent = async () => (await bob.ask("current_call"))?.silent;
  const film = start("xev", ["-name", "Film"], { env: (await stage.home("bob")).env });
  try {
    const window = await screen.window(/^Film$/);
    const fill = async (how) => {
      await screen.run("wmctrl", ["-r", "Film", "-b", `${how},fullscreen`]);
      await until(`full screen: ${how}`, async () => (await window.state()).includes("FULLSCREEN") === (how === "add"));
    };
    await window.activate();
    await until("the film has the keys", async () => (await screen.active()) === window.id);
    await fill("add");

    await say(alice, "are you there?");
    await sees(bob, "are you there?");
    await alice.click("call-start");
    await until("the tray says so", async () => (await icon.status()) === "NeedsAttention");
    await until("it rings without a sound", silent);
    await alice.shows("call-state", /ring/i);
    await screen.noWindow(POPUP);
    assert.deepEqual(notifications.of("bob"), []);
    assert.ok((await window.state()).includes("FULLSCREEN"), "the film goes on");

    // Whoever leaves the film is told of what still rings, and whoever goes back is left alone again.
    await fill("remove");
    await screen.window(POPUP);
    await notifications.one("bob", /^alice$/, /calling/);
    await until("it rings aloud", async () => (await silent()) === false);
    await fill("add");
    await screen.noWindow(POPUP, GONE_MS);
    await notifications.none("bob", GONE_MS);

    await alice.click("call-end");
    await until("the tray is calm", async () => (await icon.status()) === "Active");
    assert.deepEqual(notifications.of("bob"), []);
    await fill("remove");
    await bob.shows("call-line", /missed/i);
    assert.match(await icon.words(), /2 unread/);

    await fill("add");
    await change(bob, (settings) => {
      settings.notifications.quietInFullScreen = false;
    });
    await alice.click("call-start");
    await screen.window(POPUP);
    await notifications.one("bob", /^alice$/, /calling/);
  } finally {
    await film.stop();
  }
});
