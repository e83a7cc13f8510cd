// Conversations in windows of their own.
import assert from "node:assert/strict";
import { windowTest } from "./stage.mjs";
import { meet, openConversation, say, sees } from "./steps.mjs";
import { until } from "./wait.mjs";

const ALICE = /^(\(\d+\) )?alice$/;

windowTest("a conversation in its own window is written in, read, raised and closed with its person", async (stage) => {
  const notifications = await stage.notifications();
  const tray = await stage.tray();
  const { alice, bob } = await meet(stage);
  const screen = stage.screen("bob");
  const icon = await tray.icon("P2P Privacy Communications – bob");
  const main = await screen.window(/P2P Privacy Communications – bob/);
  await main.activate();
  await until("bob's window has the keys", async () => (await screen.active()) === main.id);
  const composer = await bob.one("composer");
  await composer.click();
  await screen.type("I was ");
  await until("it is written", async () => (await composer.getAttribute("value")) === "I was ");
  await screen.keys("ctrl+shift+o");

  const talk = await screen.window(ALICE);
  await until("the new window has the keys", async () => (await screen.active()) === talk.id);
  await bob.none("composer");
  // What was begun in the main window goes on here.
  await screen.type("here");
  await screen.keys("Return");
  await sees(alice, "I was here", { sender: "them" });
  await bob.picture("15-conversation-of-its-own-bob");

  await say(alice, "I see you");
  await until("alice's message was read", async () => (await bob.ask("peers"))[0].unread === 0);
  assert.deepEqual(notifications.of("bob"), [], "it is in view");
  assert.doesNotMatch(await icon.words(), /unread/);

  // Several at once, and none twice.
  const echo = await bob.ask("start_echo");
  await bob.ask("open_talk", { peer: echo });
  await screen.window(/^Echo$/);
  await openConversation(bob, "alice");
  await bob.click("peer-menu");
  await bob.click("peer-talk");
  await until("the first one is raised", async () => (await screen.active()) === talk.id);
  const titles = (await screen.windows()).map(({ title }) => title);
  assert.equal(titles.filter((title) => ALICE.test(title)).length, 1, titles.join());

  // While another window has the keys it is announced, and the notification leads here.
  await main.activate();
  await until("the main window has the keys", async () => (await screen.active()) === main.id);
  await say(alice, "and now?");
  const note = await notifications.one("bob", /^alice$/, /and now/);
  notifications.press(note, "default");
  await until("the conversation is raised", async () => (await screen.active()) === talk.id);

  const [peer] = await bob.ask("peers");
  await bob.ask("remove_peer", { peer: peer.id });
  await screen.noWindow(ALICE);
  await screen.window(/^Echo$/);
  await bob.ask("disconnect");
  await screen.noWindow(/^Echo$/);
  await screen.window(/P2P Privacy Communications – bob/);
});
