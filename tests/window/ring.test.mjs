// Somebody calls or writes while one is busy elsewhere.
import assert from "node:assert/strict";
import { basename } from "node:path";
import { processesOf } from "./process.mjs";
import { BINARY, longTest, windowTest } from "./stage.mjs";
import { change, meet, say, sees } from "./steps.mjs";
import { Typist } from "./typist.mjs";
import { until } from "./wait.mjs";

const POPUP = /calls you|Incoming call/;
/** Everything about a call is gone this long after its end. */
const GONE_MS = 1000;

windowTest("the popup is above everything and takes no keys", async (stage) => {
  await stage.notifications();
  const { alice, bob } = await meet(stage);
  const screen = stage.screen("bob");
  const main = await screen.window(/P2P Privacy Communications – bob/);
  await main.activate();
  await until("bob's window has the keys", async () => (await screen.active()) === main.id);
  await (await bob.one("composer")).click();
  await screen.type("I was ");

  await alice.click("call-start");
  const popup = await screen.window(POPUP);
  await bob.picture("13-popup-bob");
  await screen.type("just writing");
  assert.equal(await screen.active(), main.id, "the keys stay where they were");
  const written = async () => (await bob.one("composer")).getAttribute("value");
  await until("the keys reach the composer", async () => (await written()) === "I was just writing", 3000);
  const state = await popup.state();
  assert.ok(state.includes("ABOVE") && state.includes("STICKY"), state.join());
  assert.ok(!state.includes("SKIP_TASKBAR"), "Alt+Tab leads to it");
  const { x, y, width, height } = await popup.place();
  assert.ok(x + width > 1200 && x + width <= 1280 && y + height > 700 && y + height <= 800, "in the corner");

  // Only somebody who goes there answers there.
  await answer(bob, screen, (hands) => hands.choose("popup-accept"));
  await alice.shows("call-state", /bob hears you/i, 20_000);
  await screen.noWindow(POPUP, GONE_MS);
  await bob.one("call-bar");
});

windowTest("a call is rejected in the popup", async (stage) => {
  await stage.notifications();
  const { alice, bob } = await meet(stage);
  await alice.click("call-start");
  const screen = stage.screen("bob");
  await answer(bob, screen, (hands) => hands.choose("popup-reject"));
  await alice.shows("call-line", /reject|declin/i);
  await screen.noWindow(POPUP, GONE_MS);
  await bob.none("incoming-call");
});

windowTest("a call is rejected with a message in the popup", async (stage) => {
  const { alice, bob } = await meet(stage);
  await alice.click("call-start");
  const screen = stage.screen("bob");
  await answer(bob, screen, async (hands) => {
    await hands.choose("popup-reject-with");
    await hands.at("popup-reply-text");
    await hands.type("later today");
    await bob.picture("17-popup-reply-bob");
    await hands.press("Return");
  });
  await alice.shows("call-line", /reject|declin/i);
  await sees(alice, "later today", { sender: "them" });
  await screen.noWindow(POPUP, GONE_MS);
});

windowTest("the main window takes the popup's place where the person wants that", async (stage) => {
  await stage.tray();
  const { alice, bob } = await meet(stage);
  await change(bob, (settings) => {
    settings.notifications.incoming = "window";
  });
  const screen = stage.screen("bob");
  await (await screen.window(/P2P Privacy Communications/)).close();
  await screen.noWindow(/P2P Privacy Communications/);
  await alice.click("call-start");
  const main = await screen.window(/^alice is calling/);
  await until("it has the keys", async () => (await screen.active()) === main.id);
  await bob.one("incoming-call");
  assert.equal((await screen.windows()).length, 1, "no popup");
});

windowTest("Disconnect takes back at once what rings", async (stage) => {
  const { alice, ringing } = await ring(stage);
  await ringing.icon.choose("Disconnect");
  await ringing.over(GONE_MS);
  // Who disconnects does not say so to a caller: it could be asleep, or come back.
  await alice.shows("call-state", /searching/i);
});

longTest("a call that nobody answers is gone with everything that announced it", async (stage) => {
  const { alice, bob, ringing } = await ring(stage);
  // Not before its time, 45 s: it still rings when the other tests of a call would be long over.
  await until("it is given up", async () => (await bob.ask("current_call")) === null, 60_000);
  await ringing.over(GONE_MS);
  await alice.shows("call-line", /no answer/i);
});

longTest("a call whose caller is lost is gone with everything that announced it", async (stage) => {
  const { bob, ringing } = await ring(stage);
  const [program] = processesOf(await stage.home("alice"), basename(BINARY));
  process.kill(program, "SIGKILL");
  await until("it is given up", async () => (await bob.ask("current_call")) === null, 60_000);
  await ringing.over(GONE_MS);
});

/** Goes to the popup, as by Alt+Tab, and does something there by keyboard. */
async function answer(app, screen, act) {
  const popup = await screen.window(POPUP);
  await popup.activate();
  await until("the popup has the keys", async () => (await screen.active()) === popup.id);
  await app.inWindow("popup", () => act(new Typist("bob", app, screen)));
}

/** Alice calls bob, and everything that announces it is there. */
async function ring(stage) {
  const notifications = await stage.notifications();
  const tray = await stage.tray();
  const { alice, bob } = await meet(stage);
  const icon = await tray.icon("P2P Privacy Communications – bob");
  const screen = stage.screen("bob");
  const bell = stage.sound("bob").listen("ear");
  await alice.click("call-start");
  await screen.window(POPUP);
  await screen.window(/^alice is calling/);
  await notifications.one("bob", /^alice$/, /calling/);
  await until("the tray flashes", async () => (await icon.status()) === "NeedsAttention");
  await bell.rings();
  const announced = () => notifications.of("bob").some(({ body }) => /calling/.test(body));
  const over = (deadlineMs) =>
    Promise.all([
      screen.noWindow(POPUP, deadlineMs),
      screen.noWindow(/alice is calling/, deadlineMs),
      until("the notification is gone", () => !announced(), deadlineMs),
      until("the tray is calm", async () => (await icon.status()) === "Active", deadlineMs),
      bell.falls().then((rest) => assert.ok(rest < deadlineMs / 1000, `it rings for ${rest} s`)),
    ]);
  return { alice, bob, ringing: { icon, over } };
}

windowTest("do not disturb, chosen while it rings, takes back everything that disturbs", async (stage) => {
  const notifications = await stage.notifications();
  const tray = await stage.tray();
  const { alice, bob } = await meet(stage);
  const screen = stage.screen("bob");
  const icon = await tray.icon("P2P Privacy Communications – bob");
  await alice.click("call-start");
  await screen.window(POPUP);
  await screen.window(/^alice is calling/);
  await notifications.one("bob", /^alice$/, /calling/);
  await icon.choose("Do not disturb");
  await screen.noWindow(POPUP, GONE_MS);
  await notifications.none("bob", GONE_MS);
  await screen.noWindow(/alice is calling/, GONE_MS);
  assert.equal(await icon.status(), "Active");
  // It was not answered: the person may still do that.
  await bob.one("call-bar");
  await icon.choose("Do not disturb");
  await screen.window(POPUP);
});

windowTest("a call is accepted in its notification", async (stage) => {
  const notifications = await stage.notifications();
  const { alice } = await meet(stage);
  await alice.click("call-start");
  const note = await notifications.one("bob", /^alice$/, /calling/);
  assert.deepEqual(
    note.actions.filter((_, n) => n % 2 === 0),
    ["default", "accept", "reject"],
  );
  assert.equal(note.hints.urgency, 2);
  assert.equal(note.hints.category, "call.incoming");
  assert.equal(note.time, 0, "it stays");
  notifications.press(note, "accept");
  await alice.shows("call-state", /bob hears you/i, 20_000);
  await notifications.none("bob", GONE_MS);
});

windowTest("a call is rejected in its notification, and a caller who gives up takes it away", async (stage) => {
  const notifications = await stage.notifications();
  const tray = await stage.tray();
  const { alice, bob } = await meet(stage);
  const icon = await tray.icon("P2P Privacy Communications – bob");
  await alice.click("call-start");
  const note = await notifications.one("bob", /^alice$/, /calling/);
  await until("the tray flashes", async () => (await icon.status()) === "NeedsAttention");
  notifications.press(note, "reject");
  await alice.none("call-bar");
  await until("the tray is calm", async () => (await icon.status()) === "Active", GONE_MS);

  const screen = stage.screen("bob");
  await alice.click("call-start");
  await notifications.one("bob", /^alice$/, /calling/);
  await screen.window(POPUP);
  await alice.click("call-end");
  await screen.noWindow(POPUP, GONE_MS);
  await until(
    "the call's notification is gone",
    () => !notifications.of("bob").some((one) => /calling/.test(one.body)),
  );
  await bob.none("incoming-call");
});

windowTest("messages notify while nobody looks, a burst as one, and opening shows them", async (stage) => {
  const notifications = await stage.notifications();
  const tray = await stage.tray();
  const { alice, bob } = await meet(stage);
  const icon = await tray.icon("P2P Privacy Communications – bob");
  const screen = stage.screen("bob");
  await (await screen.window(/P2P Privacy Communications – bob/)).close();
  await screen.noWindow(/P2P Privacy Communications/);

  await say(alice, "<b>tea?</b> & cake");
  const note = await notifications.one("bob", /^alice$/, /tea/);
  assert.equal(note.body, "&lt;b&gt;tea?&lt;/b&gt; &amp; cake", "a message is no markup");
  await until("the tray tells", async () => /1 unread/.test(await icon.words()));

  for (let n = 0; n < 5; n += 1) await say(alice, `really ${n}`);
  const summary = await notifications.one("bob", /^alice$/, /6 new messages/);
  assert.equal(summary.id, note.id, "it takes the place of the first");
  assert.equal(notifications.of("bob").filter(({ title }) => title === "alice").length, 1);

  notifications.press(summary, "default");
  const window = await screen.window(/P2P Privacy Communications/);
  await until("it has the keys", async () => (await screen.active()) === window.id);
  await sees(bob, "really 4");
  await until("all is read", async () => !/unread/.test(await icon.words()));

  await say(alice, "now you look");
  await sees(bob, "now you look");
  assert.deepEqual(
    notifications.of("bob").filter(({ title }) => title === "alice"),
    [],
  );
});
