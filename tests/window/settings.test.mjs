// What the person chose stays; what the page loses it gets again.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { looksLike, takePicture } from "./picture.mjs";
import { processesOf } from "./process.mjs";
import { windowTest } from "./stage.mjs";
import { change, PASSWORD } from "./steps.mjs";
import { until } from "./wait.mjs";

/** Of WebKit, that draw pages. */
const WEB_PROCESS = "WebKitWebProcess";

const fileOf = (home, name) => join(home.env.P2P_COMM_DATA_DIR, "profiles", name, "settings.json");

windowTest("settings take effect at once and survive a restart", async (stage) => {
  const alice = await stage.open("alice");
  const file = fileOf(await stage.home("alice"), "alice");
  const settings = await alice.ask("settings");
  assert.ok(!existsSync(file), "nothing was chosen yet");
  settings.appearance.theme = "dark";
  settings.appearance.textPercent = 1000;
  settings.notifications.showContent = false;
  settings.shortcuts.talkInWindow = "KeyV";
  await alice.ask("set_settings", { settings });
  await until("the page is dark", () =>
    alice.driver.executeScript('return document.documentElement.dataset.theme === "dark"'),
  );
  await until("it is on the disk", () => JSON.parse(readFileSync(file)).notifications.showContent === false);
  assert.equal(JSON.parse(readFileSync(file)).appearance.textPercent, 200);

  await stage.close("alice");
  const again = await stage.open("alice");
  const kept = await again.ask("settings");
  assert.equal(kept.appearance.theme, "dark");
  assert.equal(kept.notifications.showContent, false);
  assert.equal(kept.shortcuts.talkInWindow, "KeyV", "the key to talk is the same");
  await until("the page is dark from the start", () =>
    again.driver.executeScript('return document.documentElement.dataset.theme === "dark"'),
  );
});

windowTest("a damaged file is set aside with a notice", async (stage) => {
  const home = await stage.home("alice");
  const file = fileOf(home, "alice");
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, '{"general": {"closeTo');
  const alice = await stage.open("alice");
  await alice.shows("toast", /set aside as settings\.damaged\.json/);
  assert.deepEqual(readdirSync(join(file, "..")), ["settings.damaged.json"]);
  await until("it was told once", async () => (await alice.ask("notices")).length === 0);
});

windowTest("where nothing can be written the settings hold until the end, with a notice", async (stage) => {
  const home = await stage.home("alice");
  mkdirSync(home.env.P2P_COMM_DATA_DIR, { recursive: true });
  writeFileSync(join(home.env.P2P_COMM_DATA_DIR, "profiles"), "in the way, for every user");
  const alice = await stage.open("alice");
  await alice.shows("toast", /cannot be written/);
  await change(alice, (settings) => {
    settings.appearance.theme = "dark";
  });
  assert.equal((await alice.ask("settings")).appearance.theme, "dark");
});

windowTest("the page is a program, not a document in a browser", async (stage) => {
  const alice = await stage.open("alice");
  const field = await alice.one("connect-name");
  const prevented = (target, type, init) =>
    alice.driver.executeScript(
      `const [target, type, init] = arguments;
      const Kind = { contextmenu: MouseEvent, mousedown: MouseEvent, keydown: KeyboardEvent, drop: DragEvent }[type];
      return !(target ?? document.body).dispatchEvent(new Kind(type, { bubbles: true, cancelable: true, ...init }));`,
      target,
      type,
      init,
    );
  assert.ok(await prevented(null, "contextmenu", {}));
  assert.ok(!(await prevented(field, "contextmenu", {})), "in a field it pastes and mends spelling");
  assert.ok(await prevented(null, "keydown", { key: "F5", code: "F5" }));
  assert.ok(await prevented(field, "keydown", { key: "r", code: "KeyR", ctrlKey: true }));
  assert.ok(await prevented(null, "keydown", { key: "ArrowLeft", code: "ArrowLeft", altKey: true }));
  assert.ok(!(await prevented(field, "keydown", { key: "r", code: "KeyR" })), "one can write");
  assert.ok(await prevented(null, "mousedown", { button: 3 }), "back");
  assert.ok(await prevented(null, "drop", {}));
  const dropped = (target, kind) =>
    alice.driver.executeScript(
      `const [target, kind] = arguments;
      const dataTransfer = new DataTransfer();
      if (kind === "file") dataTransfer.items.add(new File(["x"], "x.txt"));
      else dataTransfer.setData("text/plain", "x");
      return !(target ?? document.body).dispatchEvent(
        new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer }),
      );`,
      target,
      kind,
    );
  assert.ok(!(await dropped(field, "text")), "text can be dragged into a field");
  assert.ok((await dropped(null, "text")) && (await dropped(field, "file")) && (await dropped(null, "file")));
  await alice.shows("toast", /Files cannot be sent yet/);
  await alice.driver.executeScript('location.href = "file:///etc/hostname"');
  await alice.one("connect-name");
});

windowTest("after its web process was killed the page is drawn again, with everything on it", async (stage) => {
  // A driver gives up with the process that it drives, so alice uses her own hands.
  const home = await stage.home("alice");
  const icon = (await stage.tray()).icon("P2P Privacy Communications – alice");
  const app = stage.start(home, "--profile", "alice");
  await until("the page has its fields", () => /window ready/.test(app.output()));
  await home.screen.type("alice");
  await home.screen.keys("Tab", "Tab");
  await home.screen.type(PASSWORD);
  await home.screen.keys("Return");
  await until("alice is connected", async () => /Connected as alice/.test(await (await icon).words()));
  const before = await until("the page is drawn", () => steadyPicture(home, "14-before-it-was-killed"));

  const processes = processesOf(home, WEB_PROCESS);
  assert.equal(processes.length, 1, "all windows share one web process");
  for (const pid of processes) process.kill(pid, "SIGKILL");
  await until("another process draws", () => processesOf(home, WEB_PROCESS).some((pid) => !processes.includes(pid)));
  await until("the page is as it was", async () =>
    looksLike(home, before, await takePicture(home, "14-after-it-was-killed")),
  );
});

/** A picture of the screen that is the same a second later. */
async function steadyPicture(home, name) {
  const first = await takePicture(home, `${name}-first`);
  await sleep(1000);
  const second = await takePicture(home, name);
  return (await looksLike(home, first, second)) && second;
}
