// The words that two people compare, and the mark that they did.
import assert from "node:assert/strict";
import { windowTest } from "./stage.mjs";
import { meet } from "./steps.mjs";

windowTest("both see the same four words, and who marks the other sees the mark", async (stage) => {
  const { alice, bob } = await meet(stage);
  const words = [];
  for (const app of [alice, bob]) {
    await app.click("peer-menu");
    await app.click("peer-verify");
    words.push((await (await app.one("phrase")).getText()).split(/\s+/));
  }
  assert.equal(words[0].length, 4, words.join());
  assert.deepEqual(words[0], words[1]);
  await alice.picture("19-words-alice");

  await alice.click("verify-same");
  await alice.none("verify-same");
  await alice.shows("conversation-name", /verified/);
  assert.equal((await alice.ask("peers"))[0].verified, true);
  assert.equal((await bob.ask("peers"))[0].verified, false, "it is hers alone");
  await alice.picture("20-verified-alice");
});
