// One running program for each profile.
import assert from "node:assert/strict";
import { windowTest } from "./stage.mjs";
import { connect } from "./steps.mjs";
import { until } from "./wait.mjs";

const TITLE = /P2P Privacy Communications/;

/** Starts the program once more and waits for its end. @returns what it said */
async function startAgain(stage, home, name) {
  const second = stage.start(home, "--profile", name);
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
  assert.match(await startAgain(stage, home, "alice"), /runs already/);
  const raised = await screen.window(TITLE);
  await until("it has the keys", async () => (await screen.active()) === raised.id);

  tray.stop();
  await until("the tray is gone", async () => {
    await raised.close();
    return (await raised.state()).includes("HIDDEN");
  });
  await startAgain(stage, home, "alice");
  await until("it is back", async () => !(await raised.state()).includes("HIDDEN"));
  await alice.one("status-bar");
  assert.equal((await screen.windows()).length, 1, "there is one window");
});

windowTest("a program that was killed blocks nobody, and another profile runs beside", async (stage) => {
  const home = await stage.home("alice");
  const killed = stage.start(home, "--profile", "alice");
  await stage.screen("alice").window(TITLE);
  process.kill(killed.pid, "SIGKILL");
  await killed.exited;

  const alice = await stage.open("alice");
  await alice.one("connect-name");
  stage.start(home, "--profile", "other");
  await stage.screen("alice").window(/– other/);
});

windowTest(
  "where there is no session bus a second start raises the first, and another profile runs beside",
  async (stage) => {
    const home = await stage.home("alice");
    home.env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${home.directory}/no-bus`;
    const alice = await stage.open("alice");
    const window = await home.screen.window(TITLE);
    await window.close();
    await until("it is minimised", async () => (await window.state()).includes("HIDDEN"));
    assert.match(await startAgain(stage, home, "alice"), /runs already/);
    await until("it is back", async () => !(await window.state()).includes("HIDDEN"));
    await alice.one("connect-name");

    stage.start(home, "--profile", "other");
    await home.screen.window(/– other/);
    await alice.one("connect-name");
  },
);
