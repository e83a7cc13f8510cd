// What is remembered, over starts of the real program.
import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { start } from "./process.mjs";
import { PASSPHRASE, remember, rememberByPassphrase, store, unlock } from "./remember.mjs";
import { BINARY, windowTest } from "./stage.mjs";
import {
  addPeer,
  change,
  connect,
  keptPort,
  meet,
  openConversation,
  openSettings,
  PASSWORD,
  peerIs,
  say,
  sees,
} from "./steps.mjs";
import { until } from "./wait.mjs";

windowTest(
  "who is remembered by the keychain finds everything again: list, messages, what waits, and the port",
  async (stage) => {
    await stage.keychain();
    const { alice, bob, alicePort, bobPort } = await meet(stage, { alice: keptPort(), bob: keptPort() });
    await remember(alice);
    await alice.ask("set_retention", { peer: null, retention: "forever" });
    await say(alice, "kept on both sides of a start");
    await sees(bob, "kept on both sides of a start");
    await say(bob, "so it is");
    await sees(alice, "so it is");
    await stage.close("bob");
    await peerIs(alice, "bob", "reaching", "failed", "unreachable", "resolving");
    await say(alice, "for when you are back");
    await sees(alice, "for when you are back", { delivery: "queued" });
    await stage.quit("alice");
    const left = (await store(stage, "alice")).map(({ path }) => basename(path));
    assert.deepEqual(left.sort(), ["store.db", "store.key.json", "store.lock"], "no log of the database");

    const again = await stage.open("alice");
    await peerIs(again, "bob", "offline");
    await openConversation(again, "bob");
    await sees(again, "kept on both sides of a start");
    await sees(again, "so it is");
    await sees(again, "for when you are back", { delivery: "queued" });
    await again.picture("remembered-offline");
    await again.click("banner-connect");
    await again.fill("reconnect-password", PASSWORD);
    await again.click("reconnect-submit");
    const [, port] = await again.shows("status-bar", /UDP port (\d+)/);
    assert.equal(Number(port), alicePort, "friends find alice where she was");

    // Bob was not remembered: his key is a new one, but he is at his old place and knows the password.
    const back = await stage.open("bob");
    await connect(back, { name: "bob", port: bobPort });
    await addPeer(back, { label: "alice", port: alicePort });
    await peerIs(again, "bob", "connected");
    await openConversation(back, "alice");
    await sees(back, "for when you are back");
    await sees(again, "for when you are back", { delivery: "delivered" });
  },
);

windowTest(
  "a passphrase of its own opens what is remembered; a wrong one changes nothing; one may start without it",
  async (stage) => {
    const alice = await stage.open("alice");
    await rememberByPassphrase(alice, { name: "alice" });
    await addPeer(alice, { label: "bob", port: 40_000 });
    await stage.close("alice");
    const files = await store(stage, "alice");
    const before = files.map(({ path }) => readFileSync(path));
    for (const bytes of before) assert.ok(!bytes.includes("alice") && !bytes.includes(PASSPHRASE));

    const without = await stage.open("alice");
    await without.click("unlock-without");
    await connect(without, { name: "somebody" });
    await without.one("keep-without");
    await stage.close("alice");
    assert.deepEqual(
      files.map(({ path }) => readFileSync(path)),
      before,
      "nothing that is kept was touched",
    );

    const again = await stage.open("alice");
    await unlock(again, "four words of somebody");
    await again.shows("unlock-error", /This passphrase does not open it/);
    await again.picture("wrong-passphrase");
    await unlock(again);
    await peerIs(again, "bob", "offline");
  },
);

windowTest("to forget everything leaves no file and no key", async (stage) => {
  await stage.keychain();
  const alice = await stage.open("alice");
  await connect(alice, { name: "alice" });
  await remember(alice);
  await addPeer(alice, { label: "bob", port: 40_000 });
  assert.notEqual((await store(stage, "alice")).length, 0);
  await openSettings(alice, "privacy");
  await alice.click("keep-forget");
  await alice.click("forget-submit");
  assert.match(await alice.text("gone"), /keychain[\s\S]*store\.db/);
  await alice.picture("forgotten");
  assert.deepEqual(await store(stage, "alice"), []);
  await alice.click("forget-close");
  await alice.shows("status-bar", /UDP port \d+/);
  await stage.close("alice");

  const again = await stage.open("alice");
  await again.one("connect-name");
});

windowTest("with a remembered password it connects at the start, and the password is in no file", async (stage) => {
  await stage.keychain();
  const alice = await stage.open("alice");
  await alice.fill("connect-name", "alice");
  await alice.fill("connect-password", PASSWORD);
  await alice.click("remember");
  await alice.click("remember-password");
  await alice.click("connect-submit");
  await alice.shows("status-bar", /UDP port \d+/);
  await until("the password is remembered", async () => (await alice.ask("remembered")).passwordRemembered);
  await change(alice, (settings) => {
    settings.network.connectAtStart = true;
  });
  await stage.close("alice");
  for (const { path } of await store(stage, "alice")) assert.ok(!readFileSync(path).includes(PASSWORD), path);

  const again = await stage.open("alice");
  await again.shows("status-bar", /Connected as alice · UDP port \d+/);
});

windowTest("two starts at once of a remembered profile are one program, which opens it", async (stage) => {
  await stage.keychain();
  const alice = await stage.open("alice");
  await connect(alice, { name: "alice" });
  await remember(alice);
  await addPeer(alice, { label: "bob", port: 40_000 });
  await stage.close("alice");

  const home = await stage.home("alice");
  const both = [0, 1].map(() => start(BINARY, ["--profile", "alice"], { env: home.env }));
  try {
    const first = await Promise.race(both.map(async (one, index) => ((await one.exited) === 0 ? index : -1)));
    assert.notEqual(first, -1, both.map((one) => one.output()).join("\n"));
    assert.match(both[first].output(), /runs already/);
    const window = await stage.screen("alice").window(/P2P Privacy Communications/);
    assert.ok(window);
  } finally {
    for (const one of both) await one.stop();
  }
  const again = await stage.open("alice");
  await peerIs(again, "bob", "offline");
});

/** Bytes at the beginning of a store without which nobody opens it. */
const DAMAGE = 64;

windowTest("what is damaged is set aside, and one begins anew", async (stage) => {
  const alice = await stage.open("alice");
  await rememberByPassphrase(alice, { name: "alice" });
  await stage.close("alice");
  const [{ path }] = (await store(stage, "alice")).filter(({ path }) => path.endsWith("store.db"));
  const damaged = readFileSync(path).fill(7, 0, DAMAGE);
  writeFileSync(path, damaged);

  const again = await stage.open("alice");
  await unlock(again);
  await again.shows("unlock-trouble", /damaged/);
  await again.picture("damaged");
  await again.click("unlock-aside");
  const [, aside] = await again.shows("set-aside", /deleted:\s+(.*)/s);
  const kept = readFileSync(aside.trim());
  assert.equal(kept.length, damaged.length);
  assert.deepEqual(kept.subarray(0, DAMAGE), damaged.subarray(0, DAMAGE));
  await again.picture("set-aside");
  await rememberByPassphrase(again, { name: "alice" });
  assert.ok((await store(stage, "alice")).some((file) => file.path === path));
});

windowTest("whoever quits while something cannot be kept is asked first", async (stage) => {
  const alice = await stage.open("alice");
  await rememberByPassphrase(alice, { name: "alice" });
  for (const { path } of await store(stage, "alice")) rmSync(path);
  await addPeer(alice, { label: "bob", port: 47_899 });
  await alice.one("keep-trouble");
  const quit = async () => {
    await alice.click("menu-me");
    await alice.click("quit");
    await alice.shows("quit-loses", /it is lost/);
  };
  await quit();
  await alice.picture("quit-loses");
  await alice.click("quit-stay");
  await alice.none("quit-loses");
  await quit();
  await stage.quit("alice");
});
