// On Wayland, where no program may place a window, keep it on top or hear keys that go elsewhere.
import assert from "node:assert/strict";
import { windowTest } from "./stage.mjs";
import { closeSettings, meet, openSettings } from "./steps.mjs";

windowTest("on Wayland the notification is the popup, and the settings say what cannot be", async (stage) => {
  const notifications = await stage.notifications();
  await stage.wayland("bob");
  const { alice, bob } = await meet(stage);
  await openSettings(bob, "notifications");
  await bob.shows("notify-wayland", /so the notification takes its place/);
  await bob.click("settings-shortcuts");
  await bob.shows("settings", /On Wayland the desktop does not let programs listen for keys/);
  await closeSettings(bob);

  await alice.click("call-start");
  const note = await notifications.one("bob", /^alice$/, /calling/);
  await bob.one("incoming-call");
  assert.equal((await alice.driver.getAllWindowHandles()).length, 2, "elsewhere a popup is ready");
  assert.equal((await bob.driver.getAllWindowHandles()).length, 1, "here there is none");
  notifications.press(note, "accept");
  await alice.shows("call-state", /bob hears you/i, 20_000);
  await notifications.none("bob");
});
