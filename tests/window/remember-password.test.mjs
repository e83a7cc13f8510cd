// The remembered password, where it does not lead to a connection at the start.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { takeFromKeychain } from "./remember.mjs";
import { windowTest } from "./stage.mjs";
import { addPeer, change, closeSettings, connect, openSettings, PASSWORD, peerIs } from "./steps.mjs";
import { until } from "./wait.mjs";

windowTest("a connection at the start that fails is told, with the reason and the way out", async (stage) => {
  const alice = await openConnecting(stage);
  const other = createSocket("udp6");
  try {
    other.bind(0);
    await once(other, "listening");
    await change(alice, (settings) => {
      settings.network.port = other.address().port;
    });
    await stage.close("alice");

    const again = await stage.open("alice");
    await again.shows("toast", /You are not connected.*Another program.*this UDP port.*settings under Network/s);
    await peerIs(again, "bob", "offline");
    await again.picture("start-not-connected");
    await again.click("reconnect-submit");
    await again.shows("reconnect-error", /Another program.*this UDP port.*settings under Network/s);
    await again.picture("start-not-connected-why");

    await openSettings(again, "network");
    await again.fill("network-port", "");
    await closeSettings(again);
    await again.click("reconnect-submit");
    await again.shows("status-bar", /Connected as alice · UDP port \d+/);
  } finally {
    other.close();
  }
});

windowTest("a password that somebody took out of the keychain is asked for, and remembered anew", async (stage) => {
  await openConnecting(stage);
  await stage.close("alice");
  await takeFromKeychain(stage, "alice", /shared password/);

  const again = await stage.open("alice");
  await again.shows("toast", /You are not connected.*keychain of this computer no longer has the password/s);
  await again.one("reconnect-password");
  await again.picture("password-gone");
  assert.equal((await again.ask("remembered")).passwordRemembered, false);
  await again.click("remember-password");
  await again.fill("reconnect-password", PASSWORD);
  await again.click("reconnect-submit");
  await again.shows("status-bar", /Connected as alice · UDP port \d+/);
  await until("it is remembered anew", async () => (await again.ask("remembered")).passwordRemembered);
  await stage.close("alice");

  const last = await stage.open("alice");
  await last.shows("status-bar", /Connected as alice · UDP port \d+/);
});

/** Alice, who is remembered with the password, has bob on her list, and connects at the start. */
async function openConnecting(stage) {
  await stage.keychain();
  const alice = await stage.open("alice");
  await alice.click("remember");
  await alice.click("remember-password");
  await connect(alice, { name: "alice" });
  await until("the password is remembered", async () => (await alice.ask("remembered")).passwordRemembered);
  await change(alice, (settings) => {
    settings.network.connectAtStart = true;
  });
  await addPeer(alice, { label: "bob", port: 40_000 });
  return alice;
}
