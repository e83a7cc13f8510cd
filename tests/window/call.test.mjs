// Two people call each other, in their windows and through their sound cards.
import assert from "node:assert/strict";
import { windowTest } from "./stage.mjs";
import { addPeer, connect, meet, meetEcho, openConversation, peerIs } from "./steps.mjs";

const ALICE_HZ = 440;
const BOB_HZ = 700;

windowTest("alice calls bob, they hear each other, and bob hangs up", async (stage) => {
  const { alice, bob } = await meet(stage);
  stage.sound("alice").talk(ALICE_HZ);
  stage.sound("bob").talk(BOB_HZ);
  await alice.click("call-start");
  await alice.shows("call-state", /ring/i);
  await bob.one("incoming-call");
  await bob.picture("9-incoming-bob");
  await bob.click("call-accept");
  await alice.shows("call-state", /bob hears you/i, 20_000);
  await bob.shows("call-state", /alice hears you/i, 20_000);
  await stage.sound("bob").hears(ALICE_HZ);
  await stage.sound("alice").hears(BOB_HZ);
  await alice.picture("10-in-call-alice");

  await alice.click("call-mute");
  await bob.shows("call-bar", /muted/i);
  await stage.sound("bob").hears(ALICE_HZ, { gone: true });
  await alice.click("call-mute");
  await stage.sound("bob").hears(ALICE_HZ);

  await alice.click("call-details");
  await alice.shows("call-stats", /mouth to ear/i);
  await alice.picture("11-call-details-alice");
  await bob.click("call-end");
  await alice.one("call-line");
  await bob.one("call-line");
  await alice.none("call-bar");
  await stage.sound("alice").hears(BOB_HZ, { gone: true });
  await alice.picture("12-after-call-alice");
});

windowTest("bob rejects, and alice sees that", async (stage) => {
  const { alice, bob } = await meet(stage);
  await alice.click("call-start");
  await bob.click("call-reject");
  await alice.shows("call-line", /reject|declin/i);
  await bob.one("call-line");
  await alice.none("call-bar");
  await bob.none("incoming-call");
});

windowTest("who calls somebody in a call hears that they are busy, and is called back", async (stage) => {
  const { alice, bob, bobPort } = await meet(stage);
  const carol = await stage.open("carol");
  const carolPort = await connect(carol, { name: "carol" });
  await addPeer(carol, { label: "bob", port: bobPort });
  await addPeer(bob, { label: "carol", port: carolPort });
  await peerIs(carol, "bob", "connected");
  await peerIs(bob, "carol", "connected");
  await alice.click("call-start");
  await bob.click("call-accept");
  await alice.shows("call-state", /bob hears you/i, 20_000);

  await openConversation(carol, "bob");
  await carol.click("call-start");
  await carol.shows("call-line", /busy|another call/i);
  await carol.none("call-bar");
  await openConversation(bob, "carol");
  await bob.one("call-line", '[data-missed="true"]');
  assert.equal((await bob.all("incoming-call")).length, 0, "nothing rings into a call");
  await alice.shows("call-state", /bob hears you/i);
  await bob.picture("16-missed-call-bob");

  await alice.click("call-end");
  await bob.none("call-bar");
  await bob.click("call-back");
  await carol.click("call-accept");
  await bob.shows("call-state", /carol hears you/i, 20_000);
});

windowTest("alone with Echo, one hears oneself", async (stage) => {
  const alice = await meetEcho(stage);
  stage.sound("alice").talk(ALICE_HZ);
  await alice.click("call-start");
  await alice.shows("call-state", /hears you/i, 20_000);
  await stage.sound("alice").hears(ALICE_HZ);
  await alice.click("call-end");
  await alice.one("call-line");
});
