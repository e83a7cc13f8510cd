// What the tray shows, and where the window goes when it is closed.
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { windowTest } from "./stage.mjs";
import { connect, meet, meetEcho, say, sees } from "./steps.mjs";
import { until } from "./wait.mjs";

const ALICE = "P2P Privacy Communications – alice";
const TITLE = /P2P Privacy Communications/;

windowTest("the tray tells how it stands, and its menu does what it says", async (stage) => {
  const tray = await stage.tray();
  const alice = await stage.open("alice");
  const icon = await tray.icon(ALICE);
  await icon.offers("Show");
  await icon.offers("Connect…");
  await icon.offers("Mute microphone", { enabled: false });
  await icon.offers("End call", { enabled: false });
  await icon.offers("Quit");
  assert.equal(await icon.words(), "Offline");
  const pictures = [await icon.picture()];

  await connect(alice, { name: "alice" });
  await until("the tray says so", async () => /Connected as alice/.test(await icon.words()));
  pictures.push(await icon.picture());

  await icon.choose("Do not disturb");
  await icon.offers("Do not disturb", { enabled: true, checked: true });
  await icon.choose("Do not disturb");
  await icon.offers("Do not disturb", { enabled: true, checked: false });

  await icon.choose("Disconnect");
  await alice.one("connect-name");
  await icon.offers("Connect…");
  assert.notEqual(pictures[0], pictures[1], "offline and online look different");
  assert.equal(await icon.picture(), pictures[0]);

  const screen = stage.screen("alice");
  await icon.choose("Quit");
  await screen.noWindow(TITLE);
});

windowTest("a call is muted and ended from the tray", async (stage) => {
  const tray = await stage.tray();
  const { alice, bob } = await meet(stage);
  const icon = await tray.icon(ALICE);
  const quiet = await icon.picture();
  await alice.click("call-start");
  await bob.click("call-accept");
  await alice.shows("call-state", /bob hears you/i, 20_000);
  await until("the tray says so", async () => (await icon.words()) === "In a call with bob");
  const talking = await icon.picture();

  await icon.choose("Mute microphone");
  await icon.offers("Mute microphone", { enabled: true, checked: true });
  await bob.shows("call-bar", /muted/i);
  const muted = await icon.picture();
  assert.equal(new Set([quiet, talking, muted]).size, 3, "each looks different");

  await icon.choose("End call");
  await alice.none("call-bar");
  await bob.none("call-bar");
  await icon.offers("End call", { enabled: false });
});

windowTest("closing hides the window in the tray, and Show brings it back", async (stage) => {
  const tray = await stage.tray();
  const notifications = await stage.notifications();
  const alice = await stage.open("alice");
  const icon = await tray.icon(ALICE);
  const screen = stage.screen("alice");
  await connect(alice, { name: "alice" });

  await (await screen.window(TITLE)).close();
  await screen.noWindow(TITLE);
  await notifications.one("alice", /still running/i, /tray/);
  await icon.choose("Show");
  const window = await screen.window(TITLE);
  await until("it has the keys", async () => (await screen.active()) === window.id);
  await alice.one("status-bar");

  await (await screen.window(TITLE)).close();
  await screen.noWindow(TITLE);
  await icon.click();
  await screen.window(TITLE);
  assert.equal(notifications.asked(/still running/i).length, 1, "the hint comes once");
});

windowTest(
  "after the first message one is told, once in a lifetime, that closing leaves the program running",
  async (stage) => {
    await stage.tray();
    const notifications = await stage.notifications();
    const first = await meetEcho(stage);
    assert.deepEqual(await first.all("tray-hint"), [], "nobody wrote yet");
    await say(first, "is anybody there?");
    await first.shows("tray-hint", /keeps running in the tray/);
    await first.picture("21-tray-hint-alice");
    await first.click("tray-hint-read");
    await first.none("tray-hint");
    await stage.close("alice");

    const again = await meetEcho(stage);
    await say(again, "and today?");
    await sees(again, "and today?", { sender: "them" });
    // Closing would be the second occasion to say it.
    await (await stage.screen("alice").window(TITLE)).close();
    await stage.screen("alice").noWindow(TITLE);
    await until("nothing waits to be told", async () => (await again.ask("notices")).length === 0);
    assert.deepEqual(await again.all("tray-hint"), []);
    assert.deepEqual(notifications.asked(/still running/i), []);
  },
);

windowTest("without a tray, closing minimises", async (stage) => {
  await stage.open("alice");
  const screen = stage.screen("alice");
  const window = await screen.window(TITLE);
  await window.close();
  await until("it is minimised", async () => (await window.state()).includes("HIDDEN"));
  await window.activate();
  await until("it is back", async () => !(await window.state()).includes("HIDDEN"));
});

windowTest("the tray may come after the program, also at a hidden start", async (stage) => {
  const home = await stage.home("alice");
  stage.start(home, "--profile", "alice", "--hidden");
  const directory = join(home.env.XDG_RUNTIME_DIR, "p2p-comm");
  await until("the program is up", () => readdirSync(directory).some((file) => file.endsWith(".sock")));
  // Started at once it would be there first.
  await sleep(1000);
  const tray = await stage.tray();
  const icon = await tray.icon(ALICE);
  assert.deepEqual(await home.screen.windows(), [], "it waited for the tray");
  await icon.choose("Show");
  await (await home.screen.window(TITLE)).close();
  await home.screen.noWindow(TITLE);
  await icon.offers("Connect…");
});

windowTest("a hidden window comes out when the tray goes away", async (stage) => {
  const tray = await stage.tray();
  await stage.open("alice");
  await tray.icon(ALICE);
  const screen = stage.screen("alice");
  await (await screen.window(TITLE)).close();
  await screen.noWindow(TITLE);
  tray.stop();
  const window = await screen.window(TITLE);
  await until("it is minimised", async () => (await window.state()).includes("HIDDEN"));
  await (await stage.tray()).icon(ALICE);
});
