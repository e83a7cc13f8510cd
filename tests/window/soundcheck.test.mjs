// Sound is set up before anybody is called.
import assert from "node:assert/strict";
import { windowTest } from "./stage.mjs";
import { pick } from "./steps.mjs";
import { until } from "./wait.mjs";

const SILENCE_DB = -80;

windowTest("another microphone is chosen, heard in the test, and its threshold set by keyboard", async (stage) => {
  const home = await stage.home("alice");
  home.sound.plugMicrophone("headset");
  // The system's own microphone stays silent, so a level is that of the chosen one.
  home.sound.talk(440, "headset-mouth");
  const alice = await stage.open("alice");
  await alice.click("connect-settings");
  await alice.click("settings-audio");

  await pick(alice, "device-input", /^headset$/);
  await until("it is kept", async () => /headset/.test((await alice.ask("settings")).audio.input));

  await alice.click("mic-test-start");
  const level = async () => Number(await (await alice.one("mic-level")).getAttribute("aria-valuenow"));
  const levels = new Set();
  await until("the level moves", async () => levels.add(await level()).size > 2 && Math.max(...levels) > -40);

  await alice.click("sound-transmit-voice");
  const slider = await alice.one("sound-threshold");
  await alice.driver.executeScript("arguments[0].focus()", slider);
  const threshold = async () => (await alice.ask("settings")).audio.transmit.thresholdDb;
  const before = await until("voice alone is sent", threshold);
  await stage.screen("alice").keys("Right", "Right", "Right");
  await until("the threshold is higher", async () => (await threshold()) === before + 3);
  assert.equal(await slider.getAttribute("aria-valuetext"), `${before + 3} dB`);
  await alice.picture("17-sound-settings-alice");

  await until("there is something to hear", async () => (await alice.one("mic-test-play")).isEnabled());
  await alice.click("mic-test-play");
  await home.sound.hears(440);
  await alice.click("mic-test-stop");
  await until("nothing is measured any more", async () => (await level()) === SILENCE_DB);
});
