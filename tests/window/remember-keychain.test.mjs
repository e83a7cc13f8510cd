// The keychain of the desktop: when there is none, and when it asks.
import assert from "node:assert/strict";
import { askOn, leaveAlone, PASSPHRASE, remember, store } from "./remember.mjs";
import { windowTest } from "./stage.mjs";
import { addPeer, connect, PASSWORD, peerIs } from "./steps.mjs";

/** GNOME's. */
const PROMPT = /^Unlock Login Keyring$/;

windowTest(
  "where no keychain answers a passphrase is offered, and nothing is kept before one is chosen",
  async (stage) => {
    await leaveAlone(stage, "alice");
    const alice = await stage.open("alice");
    await alice.fill("connect-name", "alice");
    await alice.fill("connect-password", PASSWORD);
    await alice.click("remember");
    await alice.click("connect-submit");
    await alice.shows("connect-error", /no keychain that answers.*use a passphrase/s);
    await alice.picture("keychain-absent");
    assert.deepEqual(await store(stage, "alice"), []);
    assert.equal((await alice.ask("status")).phase, "offline");
    await alice.click("seal-passphrase");
    await alice.fill("seal-secret", PASSPHRASE);
    await alice.fill("seal-again", PASSPHRASE);
    await alice.click("connect-submit");
    await alice.shows("status-bar", /UDP port \d+/);
    assert.notEqual((await store(stage, "alice")).length, 0);
  },
);

windowTest("a locked keychain asks; who declines is told what it means, and may let it ask again", async (stage) => {
  const { alice, screen } = await openLocked(stage);
  await alice.shows("unlock", /Opening what is remembered/);
  await alice.picture("keychain-asks");
  await screen.keys("Escape");
  await screen.noWindow(PROMPT);
  await alice.shows("unlock-trouble", /keychain of this computer refused/);
  await alice.picture("keychain-refused");
  await alice.click("unlock-submit");
  await agree(screen);
  await peerIs(alice, "bob", "offline");
});

windowTest("who starts without it while the keychain asks is not brought back when it agrees", async (stage) => {
  const { alice, screen } = await openLocked(stage);
  await alice.click("unlock-without");
  await alice.one("remembered-without");
  await agree(screen);
  await connect(alice, { name: "somebody" });
  await alice.one("keep-without");
  assert.equal((await alice.ask("remembered")).kind, "locked");
  assert.deepEqual(await alice.ask("peers"), []);
});

/** Alice is remembered, and at this start the keychain is locked and asks her. */
async function openLocked(stage) {
  const keychain = await stage.keychain();
  const before = await stage.open("alice");
  await connect(before, { name: "alice" });
  await remember(before);
  await addPeer(before, { label: "bob", port: 40_000 });
  await stage.close("alice");
  await keychain.stop();
  await stage.keychain({ locked: true });
  await askOn(stage, "alice");
  const alice = await stage.open("alice");
  const screen = stage.screen("alice");
  await screen.window(PROMPT);
  return { alice, screen };
}

/** Types the password of the keychain. */
async function agree(screen) {
  const prompt = await screen.window(PROMPT);
  await prompt.activate();
  await screen.type("login");
  await screen.keys("Return");
  await screen.noWindow(PROMPT);
}
