// What one writes is looked at by the spell checker of the system, in the language of the session.
import assert from "node:assert/strict";
import { redness } from "./picture.mjs";
import { windowTest } from "./stage.mjs";
import { meetEcho } from "./steps.mjs";
import { until } from "./wait.mjs";

windowTest("a misspelled word is underlined, and a right one is not", async (stage) => {
  const home = await stage.home("alice");
  home.env.LANG = "en_US.UTF-8";
  const alice = await meetEcho(stage);
  const composer = await alice.one("composer");
  const [window, field] = [await (await home.screen.window(/alice/)).place(), await composer.getRect()];
  const red = () => redness(home, { ...field, x: window.x + field.x, y: window.y + field.y });

  await composer.click();
  await home.screen.type("this is wrogn ");
  await until("something is underlined", async () => (await red()) > 0);
  await alice.picture("20-spelling-alice");
  await home.screen.keys("ctrl+a");
  await home.screen.type("this is right ");
  await until("nothing is underlined any more", async () => (await red()) === 0);
  assert.equal(await composer.getAttribute("value"), "this is right ");
});
