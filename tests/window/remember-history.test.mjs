// Messages that are kept, over starts of the real program.
import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { bring, openKeeping, rememberByPassphrase, store, unlock } from "./remember.mjs";
import { windowTest } from "./stage.mjs";
import { addPeer, change, connect, count, keptPort, openConversation, peerIs, sees } from "./steps.mjs";
import { until } from "./wait.mjs";

/** More than memory holds of a conversation that is kept. */
const MANY = 1500;

windowTest("messages that are kept no more are gone at once, and that is said", async (stage) => {
  await openKeeper(stage);
  const recipe = (i) => ({ from: "them", text: `step ${i}: ${randomBytes(1000).toString("hex")}` });
  const lines = Array.from({ length: 200 }, (_, i) => recipe(i));
  await bring(stage, "alice", [...lines, { from: "them", text: "the cake is in the oven" }]);
  await stage.close("alice");

  const again = await stage.open("alice");
  await unlock(again);
  await openConversation(again, "bob");
  await sees(again, "the cake is in the oven");
  await openKeeping(again);
  await (await again.one("peer-retention")).sendKeys("Not kept");
  await again.shows("peer-retention-sure", /All kept messages with bob/);
  await again.picture("kept-no-more");
  const size = async () => (await store(stage, "alice")).reduce((sum, file) => sum + file.size, 0);
  const before = await size();
  await again.click("peer-retention-delete");
  await again.shows("toast", /deleted/i);
  const after = await size();
  assert.ok(before > 400_000 && after < 200_000, `${before} bytes on the disk, then ${after}`);
  await stage.close("alice");

  const last = await stage.open("alice");
  await unlock(last);
  await openConversation(last, "bob");
  await last.shows("messages", /No messages here any more/);
  assert.equal(await count(last, "the cake is in the oven"), 0);
});

windowTest("a conversation that is cleared is empty, also after a start", async (stage) => {
  const alice = await openKeeper(stage);
  await bring(
    stage,
    "alice",
    Array.from({ length: 3 }, (_, i) => ({ from: "them", text: `line ${i}` })),
  );
  await alice.click("peer-menu");
  await alice.click("peer-clear");
  const { height } = await (await alice.one("clear-submit")).getRect();
  assert.ok(height < 60, `the dialog is no taller than what it says: a button of ${height} px`);
  await alice.picture("clear");
  await alice.click("clear-submit");
  await alice.shows("toast", /Deleted all messages with bob/);
  await alice.shows("messages", /No messages here any more/);
  await stage.close("alice");

  const again = await stage.open("alice");
  await unlock(again);
  await openConversation(again, "bob");
  await again.shows("messages", /No messages here any more/);
});

windowTest("what memory does not hold is found, and read as one scrolls", async (stage) => {
  await openKeeper(stage);
  const lines = Array.from({ length: MANY }, (_, i) => ({ from: i % 3 ? "them" : "me", text: `line ${i} of many` }));
  lines[40].text = "the marzipan is behind the flour";
  await bring(stage, "alice", lines);
  await stage.close("alice");

  const again = await stage.open("alice");
  await unlock(again);
  await again.fill("search", "marzipan flour");
  await again.shows("search-hit", /marzipan is behind/);
  await again.click("search-hit");
  await sees(again, "the marzipan is behind the flour");
  await sees(again, "line 41 of many");
  await again.picture("found-far-back");

  await again.click("jump");
  await sees(again, `line ${MANY - 1} of many`);
  // Goes on only where there is something to read: what lies between was never shown before.
  const up = (list) => {
    const shown = /line \d+ of many/.test(list.innerText);
    if (shown) list.scrollTop -= 3000;
    return shown && list.innerText;
  };
  const list = await again.one("messages");
  await until("one has scrolled up to the first line", async () =>
    (await again.driver.executeScript(`return (${up})(...arguments)`, list)).includes("line 0 of many"),
  );
});

windowTest("after a start it opens at the first unread line, and only what is new notifies", async (stage) => {
  const notifications = await stage.notifications();
  await stage.keychain();
  const alice = await stage.open("alice");
  await alice.click("remember");
  await alice.click("remember-password");
  // Bob finds her there again.
  const port = await connect(alice, { name: "alice", port: keptPort() });
  await until("the password is remembered", async () => (await alice.ask("remembered")).passwordRemembered);
  await change(alice, (settings) => {
    settings.network.connectAtStart = true;
  });
  await alice.ask("set_retention", { peer: null, retention: "forever" });
  const bob = await stage.open("bob");
  const bobPort = await connect(bob, { name: "bob" });
  await addPeer(alice, { label: "bob", port: bobPort });
  await addPeer(bob, { label: "alice", port });
  await peerIs(bob, "alice", "connected");
  await write(bob, "read", 30);
  await openConversation(alice, "bob");
  await sees(alice, "read 29");
  await addPeer(alice, { label: "carol", port: 40_000 });
  await openConversation(alice, "carol");
  await write(bob, "unread", 30);
  await until("it is counted", async () => (await alice.ask("peers"))[0].unread === 30);
  await stage.close("alice");

  const before = notifications.daemon.asked.length;
  const again = await stage.open("alice");
  await peerIs(again, "bob", "connected");
  await again.shows("unread", /^30/);
  await write(bob, "new", 1);
  await notifications.one("alice", /^bob$/, /^new 0$/);
  assert.deepEqual(
    notifications.daemon.asked.slice(before).map(({ body }) => body),
    ["new 0"],
  );
  await openConversation(again, "bob");
  await again.one("unread-line");
  await sees(again, "unread 0");
  await again.picture("first-unread-line");
  assert.equal(await count(again, "new 0"), 0, "it is not at the end");
});

/** Alice, remembered by a passphrase, in a conversation with bob whose messages are kept. Bob is away. */
async function openKeeper(stage) {
  const alice = await stage.open("alice");
  await rememberByPassphrase(alice, { name: "alice" });
  await alice.ask("set_retention", { peer: null, retention: "forever" });
  await addPeer(alice, { label: "bob", port: 40_000 });
  await openConversation(alice, "bob");
  return alice;
}

async function write(app, words, howMany) {
  const [{ id }] = await app.ask("peers");
  for (let i = 0; i < howMany; i += 1) await app.ask("send_text", { peer: id, text: `${words} ${i}` });
}
