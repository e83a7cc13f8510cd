// What the title bar and notifications tell of, and what they keep to themselves.
import assert from "node:assert/strict";
import { windowTest } from "./stage.mjs";
import { addPeer, change, connect, meet, say, sees } from "./steps.mjs";
import { until } from "./wait.mjs";

const TITLE = /P2P Privacy Communications/;

/** Nobody looks at this person's window. */
async function minimise(screen) {
  const window = await screen.window(TITLE);
  await screen.run("xdotool", ["windowminimize", "--sync", String(window.id)]);
  return window;
}

windowTest("the title bar counts what was not read", async (stage) => {
  const { alice, bob } = await meet(stage);
  const screen = stage.screen("bob");
  const window = await minimise(screen);
  for (const text of ["one", "two"]) await say(alice, text);
  await screen.window(/^\(2\) P2P Privacy Communications – bob$/);
  await window.activate();
  await sees(bob, "two");
  await screen.window(/^P2P Privacy Communications – bob$/);
});

windowTest("a request of a stranger and a missed call notify, and names only where they may be seen", async (stage) => {
  const notifications = await stage.notifications();
  const { alice, bob, bobPort } = await meet(stage);
  await minimise(stage.screen("bob"));
  const carol = await stage.open("carol");
  await connect(carol, { name: "carol" });
  await addPeer(carol, { label: "bob", port: bobPort });
  const request = await notifications.one("bob", /^carol$/, /asks to talk with you/);
  notifications.press(request, "default");
  await bob.click("request-ignore");

  await minimise(stage.screen("bob"));
  await callAndGiveUp(alice, notifications);
  await notifications.one("bob", /^alice$/, /^1 missed call$/);

  await change(bob, (settings) => {
    settings.notifications.showContent = false;
  });
  const before = notifications.daemon.asked.length;
  await callAndGiveUp(alice, notifications);
  await notifications.one("bob", TITLE, /^2 missed calls$/);
  await say(alice, "the cake is in the oven");
  await notifications.one("bob", TITLE, /^1 new message, 2 missed calls$/);
  for (const { title, body } of notifications.daemon.asked.slice(before)) {
    assert.doesNotMatch(`${title} ${body}`, /alice|cake/);
  }
});

windowTest("whoever quits leaves no notification behind", async (stage) => {
  const notifications = await stage.notifications();
  const { alice } = await meet(stage);
  const icon = await (await stage.tray()).icon("P2P Privacy Communications – bob");
  await minimise(stage.screen("bob"));
  await say(alice, "the cake is in the oven");
  await notifications.one("bob", /^alice$/, /cake/);
  await alice.click("call-start");
  await notifications.one("bob", /^alice$/, /is calling you/);
  await icon.choose("Quit");
  await notifications.none("bob", 2000);
  await stage.screen("bob").noWindow(TITLE);
});

async function callAndGiveUp(alice, notifications) {
  await alice.click("call-start");
  await notifications.one("bob", /^(alice|Incoming call)$/, /^(is calling you)?$/);
  await alice.click("call-end");
  await alice.none("call-bar");
}

windowTest("who is muted neither notifies nor rings, and is counted all the same", async (stage) => {
  const notifications = await stage.notifications();
  const tray = await stage.tray();
  const { alice, bob } = await meet(stage);
  const icon = await tray.icon("P2P Privacy Communications – bob");
  const screen = stage.screen("bob");
  const [{ id }] = await bob.ask("peers");
  await bob.ask("set_peer_muted", { peer: id, muted: true });
  await minimise(screen);
  const before = notifications.daemon.asked.length;

  await alice.click("call-start");
  await until("it comes in", async () => (await bob.ask("current_call"))?.phase === "incoming");
  assert.equal((await bob.ask("current_call")).silent, true);
  await say(alice, "call me back");
  await sees(alice, "call me back", { delivery: "delivered" });
  await alice.click("call-end");
  await until("both are counted", async () => /2 unread/.test(await icon.words()));
  const titles = (await screen.windows()).map(({ title }) => title);
  assert.deepEqual(titles, ["(2) P2P Privacy Communications – bob"], "no popup");

  // A mute that would silence everybody for ever would pass the above.
  await bob.ask("set_peer_muted", { peer: id, muted: false });
  await say(alice, "are you there?");
  await notifications.one("bob", /^alice$/, /are you there/);
  assert.deepEqual(
    notifications.daemon.asked.slice(before).map(({ body }) => body),
    ["are you there?"],
  );
});

windowTest("a slow notification daemon holds nothing up, and what is over is closed once it answers", async (stage) => {
  const notifications = await stage.notifications();
  const { alice } = await meet(stage);
  await minimise(stage.screen("bob"));
  const answer = notifications.stall();
  await alice.click("call-start");
  await notifications.one("bob", /^alice$/, /calling/);
  await say(alice, "tea?");
  await notifications.one("bob", /^alice$/, /^tea\?$/);
  await alice.click("call-end");
  await alice.none("call-bar");
  assert.ok(
    notifications.of("bob").some(({ body }) => /calling/.test(body)),
    "nobody knows its number yet",
  );
  answer();
  await until("the call's is gone", () => !notifications.of("bob").some(({ body }) => /calling/.test(body)));
});
