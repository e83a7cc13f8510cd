// Several programs of one person, side by side.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { openApp } from "./app.mjs";
import { processesOf } from "./process.mjs";
import { rememberByPassphrase, store } from "./remember.mjs";
import { BINARY, windowTest } from "./stage.mjs";
import { until } from "./wait.mjs";

windowTest("a profile is started from the list, and deleted only when it does not run", async (stage) => {
  const home = await stage.home("alice");
  const work = await openApp({ binary: BINARY, args: ["--profile", "work"], home });
  try {
    await rememberByPassphrase(work, { name: "alice at work" });
  } finally {
    await work.close();
  }
  const files = await store(stage, "alice", "work");
  assert.notEqual(files.length, 0);
  const before = files.map(({ path }) => readFileSync(path));

  const alice = await stage.open("alice");
  await alice.click("connect-settings");
  await alice.click("settings-general");
  await alice.shows("profile", /work\s+not running · remembered/);
  await alice.shows("profile", /alice\s+this one · nothing kept/);
  await alice.click("profile-open", '[aria-label="Start work"]');
  await stage.screen("alice").window(/– work$/);
  await alice.shows("profile", /work\s+running · remembered/);
  await alice.picture("profiles");
  assert.equal(await (await alice.one("profile-delete", '[aria-label="Delete work"]')).isEnabled(), false);
  await assert.rejects(alice.ask("delete_profile", { name: "work" }), /uses this store/);
  await assert.rejects(alice.ask("delete_profile", { name: "alice" }), /uses this store/);
  assert.deepEqual(
    files.map(({ path }) => readFileSync(path)),
    before,
    "what runs is not touched",
  );

  const [pid] = processesOf(home, "p2p-comm").filter((pid) => readFileSync(`/proc/${pid}/cmdline`).includes("work"));
  process.kill(pid, "SIGTERM");
  await alice.shows("profile", /work\s+not running · remembered/);
  await alice.click("profile-delete", '[aria-label="Delete work"]');
  await alice.click("profile-delete-sure");
  await alice.shows("gone", /store\.db/);
  assert.deepEqual(await store(stage, "alice", "work"), []);
  await until("it is off the list", async () => (await alice.all("profile", '[data-profile="work"]')).length === 0);
});
