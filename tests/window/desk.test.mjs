// What the desktop lets the program do: start without a window, hear keys from everywhere, keep quiet.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BINARY, windowTest } from "./stage.mjs";
import { change, meet, peerIs, say, sees } from "./steps.mjs";
import { until } from "./wait.mjs";

const TITLE = /P2P Privacy Communications/;

windowTest("it starts hidden in the tray", async (stage) => {
  const tray = await stage.tray();
  const home = await stage.home("alice");
  stage.start(home, "--profile", "alice", "--hidden");
  const icon = await tray.icon("P2P Privacy Communications – alice");
  assert.deepEqual(await home.screen.windows(), []);
  await icon.choose("Show");
  await home.screen.window(TITLE);
});

windowTest("where there is no tray it starts minimised instead of hidden", async (stage) => {
  const home = await stage.home("alice");
  stage.start(home, "--profile", "alice", "--hidden");
  const window = await home.screen.window(TITLE);
  await until("it is minimised", async () => (await window.state()).includes("HIDDEN"));
});

windowTest("it is started at login, or not", async (stage) => {
  const alice = await stage.open("alice");
  const { env } = await stage.home("alice");
  const entry = join(env.XDG_CONFIG_HOME, "autostart/p2p-comm-alice.desktop");
  await change(alice, (settings) => {
    settings.general.startAtLogin = true;
    settings.general.startHidden = true;
  });
  assert.match(readFileSync(entry, "utf8"), new RegExp(`^Exec="${BINARY}" --hidden --profile alice$`, "m"));
  await change(alice, (settings) => {
    settings.general.startAtLogin = false;
  });
  assert.ok(!existsSync(entry));
});

windowTest("closing quits where the person wants that, and bob is told", async (stage) => {
  await stage.tray();
  const { alice, bob } = await meet(stage);
  await change(alice, (settings) => {
    settings.general.closeToTray = false;
  });
  const screen = stage.screen("alice");
  await (await screen.window(TITLE)).close();
  await screen.noWindow(TITLE);
  // Silence alone would be told only after ten seconds.
  await peerIs(bob, "alice", "unreachable", "failed", "resolving", "reaching");
});

windowTest("keys that work everywhere mute the microphone and let it talk", async (stage) => {
  const { alice, bob } = await meet(stage);
  await change(alice, (settings) => {
    settings.shortcuts.mute = "Control+Shift+KeyM";
    settings.shortcuts.talk = "Control+Shift+Space";
    settings.audio.transmit = { kind: "pushToTalk", releaseMs: 0 };
  });
  await alice.click("call-start");
  await bob.click("call-accept");
  await alice.one("call-mute");
  const screen = stage.screen("alice");
  const window = await screen.window(TITLE);
  await screen.run("xdotool", ["windowminimize", "--sync", String(window.id)]);

  const call = async () => (await alice.ask("current_call")).muted;
  await screen.keys("ctrl+shift+m");
  await until("it is muted", call);
  await screen.keys("ctrl+shift+m");
  await until("it is not muted", async () => !(await call()));

  const talks = async () => (await alice.ask("voice_stats")).transmitting;
  assert.equal(await talks(), false);
  await screen.run("xdotool", ["keydown", "ctrl", "keydown", "shift", "keydown", "space"]);
  await until("it talks", talks);
  await screen.run("xdotool", ["keyup", "space", "keyup", "shift", "keyup", "ctrl"]);
  await until("it talks no more", async () => !(await talks()));
});

windowTest("keys that work everywhere accept, end and reject calls", async (stage) => {
  const { alice, bob } = await meet(stage);
  await change(alice, (settings) => Object.assign(settings.shortcuts, { answer: "F9", end: "Control+Shift+KeyX" }));
  const screen = stage.screen("alice");
  const window = await screen.window(TITLE);
  await screen.run("xdotool", ["windowminimize", "--sync", String(window.id)]);
  await bob.click("call-start");
  await until("it rings", async () => (await alice.ask("current_call"))?.phase === "incoming");
  await screen.keys("F9");
  await bob.shows("call-state", /alice hears you/i, 20_000);
  assert.ok((await window.state()).includes("HIDDEN"), "the window stays where it is");
  await screen.keys("ctrl+shift+x");
  await bob.none("call-bar");

  await bob.click("call-start");
  await until("it rings", async () => (await alice.ask("current_call"))?.phase === "incoming");
  await screen.keys("ctrl+shift+x");
  await bob.none("call-bar");
  await bob.shows("call-line", /reject|declin/i);
});

windowTest("keys that work everywhere are carried out in the order in which they were pressed", async (stage) => {
  const { alice, bob } = await meet(stage);
  await change(alice, (settings) => {
    settings.shortcuts.mute = "Control+Shift+KeyM";
    settings.shortcuts.talk = "F9";
    settings.audio.transmit = { kind: "pushToTalk", releaseMs: 0 };
  });
  await alice.click("call-start");
  await bob.click("call-accept");
  await alice.one("call-mute");
  const screen = stage.screen("alice");
  const presses = (times) => Array(times).fill(["keydown", "F9", "keyup", "F9"]).flat();
  const talks = async () => (await alice.ask("voice_stats")).transmitting;
  await screen.run("xdotool", [...presses(10), "keydown", "F9"]);
  await until("the last one was a press: it talks", talks);
  await screen.run("xdotool", ["keyup", "F9", ...presses(10)]);
  await until("the last one was a release", async () => !(await talks()));
  await screen.keys(...Array(7).fill("ctrl+shift+m"));
  await until("seven times is once", async () => (await alice.ask("current_call")).muted);
});

windowTest("a shortcut that another program has is told", async (stage) => {
  const home = await stage.home("alice");
  const directory = join(home.env.P2P_COMM_DATA_DIR, "profiles/other");
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "settings.json"), '{"shortcuts": {"mute": "Control+Shift+KeyM"}}');
  stage.start(home, "--profile", "other");
  await home.screen.window(/– other/);

  const alice = await stage.open("alice");
  const choose = (mute) => change(alice, (settings) => Object.assign(settings.shortcuts, { mute }));
  await until("alice is told", async () => {
    // The other program may have its window before it has its keys.
    await choose(null);
    await choose("Control+Shift+KeyM");
    return alice.shows("toast", /one of your shortcuts/, 1000);
  });
});

windowTest("do not disturb: nothing pops up or notifies, and the tray tells what was missed", async (stage) => {
  const notifications = await stage.notifications();
  const tray = await stage.tray();
  const { alice, bob } = await meet(stage);
  const icon = await tray.icon("P2P Privacy Communications – bob");
  const screen = stage.screen("bob");
  await icon.choose("Do not disturb");
  await until("it is on", async () => (await bob.ask("status")).doNotDisturb);
  await (await screen.window(TITLE)).close();
  await screen.noWindow(TITLE);
  const before = notifications.daemon.asked.length;

  await alice.click("call-start");
  await until("it comes in", async () => (await bob.ask("current_call"))?.phase === "incoming");
  assert.equal((await bob.ask("current_call")).silent, true);
  await say(alice, "call me back");
  await sees(alice, "call me back", { delivery: "delivered" });
  await alice.click("call-end");
  await until("the tray tells", async () => /2 unread · Do not disturb/.test(await icon.words()));
  assert.equal(await icon.status(), "Active");
  assert.deepEqual(await screen.windows(), [], "no popup");
  assert.equal(notifications.daemon.asked.length, before, "no notification");
});

windowTest(
  "the small window of a call stays on top and goes with the call; its page may do nothing else",
  async (stage) => {
    const { alice, bob } = await meet(stage);
    await alice.click("call-start");
    await bob.click("call-accept");
    await alice.shows("call-state", /bob hears you/i, 20_000);
    const main = await alice.driver.getWindowHandle();
    await alice.ask("open_compact");
    const screen = stage.screen("alice");
    const compact = await screen.window(/^Call$|bob/);
    assert.ok((await compact.state()).includes("ABOVE"));

    const handles = await alice.driver.getAllWindowHandles();
    for (const handle of handles.filter((handle) => handle !== main)) {
      await alice.driver.switchTo().window(handle);
      assert.equal((await alice.ask("current_call")).phase, "active");
      assert.equal((await alice.ask("peer_of_call")).label, "bob");
      for (const command of ["log", "status", "invite", "quit", "peers"]) {
        await assert.rejects(alice.ask(command), /not found|not allowed/i, command);
      }
    }
    await alice.picture("15-compact-alice");
    assert.equal(handles.length, 3, "the main window, the popup, the small one");
    await alice.driver.switchTo().window(main);
    await bob.click("call-end");
    await screen.noWindow(/^Call$/);
  },
);
