// The web engine fails, and the desktop says so: there is no page that could.
import assert from "node:assert/strict";
import { takePicture } from "./picture.mjs";
import { processesOf } from "./process.mjs";
import { longTest } from "./stage.mjs";
import { until } from "./wait.mjs";

const ALICE = "P2P Privacy Communications – alice";
const DIALOG = /The window (cannot be drawn|stays empty)/;
const LOOK_MS = 15_000;
const WEB_PROCESS = "WebKitWebProcess";

/** Alice's program as a person starts it: a driver gives up with the process that it drives. */
async function startAlice(stage) {
  const home = await stage.home("alice");
  return { home, app: stage.start(home, "--profile", "alice"), screen: home.screen };
}

/** Waits until the page showed something so many times. */
function isReady(app, times) {
  return until(`the page shows something ${times} times`, () => app.output().match(/window ready/g)?.length === times);
}

longTest("a window whose process dies again and again says what helps, and tries again", async (stage) => {
  const tray = await stage.tray();
  const { home, app, screen } = await startAlice(stage);
  for (let death = 1; death <= 5; death += 1) {
    await isReady(app, death);
    for (const pid of processesOf(home, WEB_PROCESS)) process.kill(pid, "SIGKILL");
  }
  await screen.window(DIALOG);
  assert.match(app.output(), /WEBKIT_DISABLE_DMABUF_RENDERER=1 .*p2p-comm .*--profile alice/);
  assert.match(app.output(), /WEBKIT_DISABLE_COMPOSITING_MODE=1/);
  await takePicture(home, "19-blank-alice");
  const icon = await tray.icon(ALICE);
  await icon.choose("Do not disturb");
  await icon.offers("Do not disturb", { enabled: true, checked: true });

  // Whoever closes it finds it again where the window is.
  await (await screen.window(DIALOG)).close();
  await screen.noWindow(DIALOG);
  await icon.choose("Show");
  const dialog = await screen.window(DIALOG);
  await dialog.activate();
  await until("it has the keys", async () => (await screen.active()) === dialog.id);
  await screen.keys("Return");
  await screen.noWindow(DIALOG);
  await isReady(app, 6);
});

longTest("a window that stays empty says what helps, until it shows something", async (stage) => {
  const { home, app, screen } = await startAlice(stage);
  // Asked often: it must not come to show anything.
  const own = () => processesOf(home, WEB_PROCESS)[0];
  const stuck = await until("its process is there", own, LOOK_MS, 5);
  process.kill(stuck, "SIGSTOP");
  const dialog = await until(
    "the dialog is there",
    async () => (await screen.windows()).find(({ title }) => DIALOG.test(title)),
    40_000,
  );
  assert.ok(!/window ready/.test(app.output()));
  assert.match(app.output(), /stays empty.*WEBKIT_DISABLE_DMABUF_RENDERER=1/s);
  const shown = await screen.window(DIALOG);
  assert.equal(shown.id, dialog.id);
  await shown.activate();
  await until("it has the keys", async () => (await screen.active()) === dialog.id);
  await screen.keys("Return");
  await screen.noWindow(DIALOG);
  // Another process takes the place of the one that hangs.
  await isReady(app, 1);
});
