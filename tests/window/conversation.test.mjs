// Two people, two windows, one password.
import assert from "node:assert/strict";
import { windowTest } from "./stage.mjs";
import {
  addPeer,
  connect,
  count,
  keptPort,
  meet,
  openConversation,
  PASSWORD,
  peerIs,
  say,
  sees,
  sendLink,
} from "./steps.mjs";

windowTest("texts and links go both ways", async (stage) => {
  const { alice, bob, alicePort } = await meet(stage);
  await alice.picture("1-met-alice");

  const page =
    'return document.documentElement.outerHTML + [...document.querySelectorAll("input")].map((i) => i.value)';
  assert.ok(!(await alice.driver.executeScript(page)).includes(PASSWORD), "the page has forgotten the password");
  assert.match(
    await alice.text("status-bar"),
    new RegExp(`Connected as alice · UDP port ${alicePort} · 1 of 1 peers? online`),
  );

  await say(alice, "Grüße, bob – how are you?");
  await sees(bob, "Grüße, bob – how are you?", { sender: "them", kind: "text" });
  await sees(alice, "Grüße, bob – how are you?", { sender: "me", delivery: "delivered" });

  await say(bob, "Well, thanks.");
  await sees(alice, "Well, thanks.", { sender: "them", kind: "text" });
  await sees(bob, "Well, thanks.", { sender: "me", delivery: "delivered" });

  await sendLink(alice, "https://example.org/a?b=c");
  await sees(bob, "example.org", { sender: "them", kind: "link" });
  await sees(alice, "example.org", { sender: "me", kind: "link", delivery: "delivered" });

  await sendLink(bob, "https://example.net/");
  await sees(alice, "example.net", { sender: "them", kind: "link" });
  await sees(bob, "example.net", { sender: "me", kind: "link", delivery: "delivered" });

  await alice.picture("2-talked-alice");
  await bob.picture("2-talked-bob");
});

windowTest("a message for somebody who is away arrives once when they are back", async (stage) => {
  const { alice, bobPort, alicePort } = await meet(stage, { bob: keptPort() });
  await stage.close("bob");
  await peerIs(alice, "bob", "unreachable", "failed", "resolving", "reaching");
  await alice.one("conversation-state");

  await say(alice, "read this when you are back");
  await sees(alice, "read this when you are back", { sender: "me", delivery: "queued" });
  await alice.picture("3-away-alice");

  const bob = await stage.open("bob");
  assert.equal(await connect(bob, { name: "bob", port: bobPort }), bobPort);
  await addPeer(bob, { label: "alice", port: alicePort });
  await peerIs(bob, "alice", "connected");
  await openConversation(bob, "alice");
  await sees(bob, "read this when you are back", { sender: "them" });
  await sees(alice, "read this when you are back", { sender: "me", delivery: "delivered" });

  // A second copy would come before this one: messages keep their order.
  await say(alice, "and this");
  await sees(bob, "and this", { sender: "them" });
  assert.equal(await count(bob, "read this when you are back"), 1);
  await bob.picture("4-back-bob");
});

windowTest("a different password is named in the message area", async (stage) => {
  const [alice, carol] = await Promise.all([stage.open("alice"), stage.open("carol")]);
  const alicePort = await connect(alice, { name: "alice" });
  await connect(carol, { name: "carol", password: "not-what-they-agreed-on-7" });
  await addPeer(carol, { label: "alice", port: alicePort });
  await openConversation(carol, "alice");

  const places = ["notice", "peer-banner", "conversation-state", "message"];
  await Promise.any(places.map((place) => carol.shows(place, /different password/i, 30_000)));
  await carol.picture("5-wrong-password-carol");
  await alice.shows("failed-callers", /\d+ calls? with another password/);
  await alice.click("failed-callers");
  await alice.picture("5-wrong-password-alice");
  assert.equal((await alice.all("request-row")).length, 0, "who does not know the password cannot even ask");
});
