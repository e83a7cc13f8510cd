// One running program for each profile.
import assert from "node:assert/strict";
import { startApp, windowTest } from "./stage.mjs";
import { connect } from "./steps.mjs";
import { until } from "./wait.mjs";

const TITLE = /P2P Privacy Communications/;

/** Starts the program once more and waits for its end. @returns what it said */
async function startAgain(home, name) {
  const second = startApp(["--profile", name], { env: home.env });
  const code = await second.exited;
  await second.closed;
  assert.equal(code, 0, second.output());
  return second.output();
}

windowTest("a second start raises the window of the first, from the tray and from the task bar", async (stage) => {
  const tray = await stage.tray();
  const alice = await stage.open("alice");
  const [screen, home] = [stage.screen("alice"), await stage.home("alice")];
  await connect(alice, { name: "alice" });
  await tray.icon("P2P Privacy Communications – alice");

  const window = await screen.window(TITLE);
  await window.close();
  await screen.noWindow(TITLE);
  assert.match(await startAgain(home, "alice"), /runs already/);
  const raised = await screen.window(TITLE);
  await until("it has the keys", async () => (await screen.active()) === raised.id);

  tray.stop();
  await until("the tray is gone", async () => {
    await raised.close();
    return (await raised.state()).includes("HIDDEN");
  });
  await startAgain(home, "alice");
  await until("it is back", async () => !(await raised.state()).includes("HIDDEN"));
  await alice.one("status-bar");
  assert.equal((await screen.windows()).length, 1, "there is one window");
});

windowTest("a program that was killed blocks nobody, and another profile runs beside", async (stage) => {
  const home = await stage.home("alice");
  const killed = startApp(["--profile", "alice"], { env: home.env });
  await stage.screen("alice").window(TITLE);
  process.kill(killed.pid, "SIGKILL");
  await killed.exited;
  await killed.stop();

  const alice = await stage.open("alice");
  await alice.one("connect-name");
  const other = startApp(["--profile", "other"], { env: home.env });
  await stage.screen("alice").window(/– other/);
  await other.stop();
});
