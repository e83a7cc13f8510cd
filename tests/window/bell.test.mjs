// The tone that rings, in the speaker that the person chose for it.
import assert from "node:assert/strict";
import { aloneTest } from "./stage.mjs";
import { closeSettings, meet, openSettings, pick } from "./steps.mjs";

const GONE_S = 1;

aloneTest("the chosen speaker rings while somebody calls, and no more within a second of the end", async (stage) => {
  const { sound } = await stage.home("bob");
  sound.plugSpeaker("bell");
  const { alice, bob } = await meet(stage);
  await openSettings(bob, "audio");
  await pick(bob, "device-ring", /^bell$/);
  await closeSettings(bob);
  const [bell, ear] = [sound.listen("bell"), sound.listen("ear")];

  const rings = async () => {
    await alice.click("call-start");
    await bell.rings();
  };
  const stops = async (how, by, button) => {
    await by.click(button);
    const rest = await bell.falls();
    assert.ok(rest < GONE_S, `it rings for ${rest} s after it was ${how}`);
  };
  await rings();
  assert.ok(!ear.rang(), "the other speaker does not ring");
  await stops("rejected", bob, "call-reject");
  await alice.none("call-bar");
  await rings();
  await stops("taken back", alice, "call-end");
  await rings();
  await stops("accepted", bob, "call-accept");
});
