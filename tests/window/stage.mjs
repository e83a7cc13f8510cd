// What every window test stands on: desktops, the app in them, and evidence when something fails.
import { join } from "node:path";
import { after, describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AT_HOME, openApp, openBrowser } from "./app.mjs";
import { startDesktops } from "./desktop.mjs";
import { endDisplays } from "./display.mjs";
import { takePicture } from "./picture.mjs";
import { processesOf, start } from "./process.mjs";
import { until } from "./wait.mjs";

const TEST_DEADLINE_MS = 120_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The app under test: built by `cargo build -p p2p-comm`, or the one that `P2P_COMM_APP` names. */
export const BINARY =
  process.env.P2P_COMM_APP ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug/p2p-comm");

/** Most tests wait for programs to start and to answer: so many at once keep two cores busy. */
const LANES = 4;
const tests = { long: [], beside: [], alone: [] };

/** A test with a fresh stage, which is cleared whatever happens. Others run beside it. */
export function windowTest(...test) {
  tests.beside.push(test);
}

/** A test that mostly waits for a time to pass, or that takes longer than the others: it starts before them. */
export function longTest(...test) {
  tests.long.push(test);
}

/** A test that measures a time so closely that others would disturb it: it runs after them, by itself. */
export function aloneTest(...test) {
  tests.alone.push(test);
}

/** Runs the tests of the files that were read until now. */
export function runTests() {
  describe("side by side", { concurrency: LANES }, () => {
    for (const one of [...tests.long, ...tests.beside]) run(...one);
  });
  describe("one after the other", () => {
    for (const one of tests.alone) run(...one);
  });
  after(endDisplays);
}

/** What else runs on the computer can make an answer late: what fails is tried once more. What is broken fails again. */
function run(title, body, deadlineMs = TEST_DEADLINE_MS) {
  test(title, { timeout: 2 * deadlineMs }, async ({ signal }) => {
    try {
      await once(title, body, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      console.error(`Tried again: ${title}: ${error.message}`);
      await once(title, body, signal);
    }
  });
}

async function once(title, body, signal) {
  const stage = new Stage(await startDesktops());
  // Past the deadline: ending the processes makes whatever still waits for them fail.
  signal.addEventListener("abort", () => stage.clear());
  try {
    await body(stage);
  } catch (error) {
    await stage.keepEvidence(title.replaceAll(/\W+/g, "-"));
    await stage.clear();
    throw error;
  }
  await stage.clear({ tidy: true });
}

class Stage {
  constructor(desktops) {
    this.desktops = desktops;
    this.homes = new Map();
    this.apps = new Map();
    this.doubles = [];
  }

  /** Starts the desktop's tray. It can be stopped and started anew. */
  async tray() {
    return this.#keep(await this.desktops.tray());
  }

  /** Starts the desktop's notification daemon. */
  async notifications() {
    return this.#keep(await this.desktops.notifications());
  }

  /** Starts the desktop's keychain. */
  keychain(options) {
    return this.desktops.keychain(options);
  }

  #keep(double) {
    this.doubles.push(double);
    return double;
  }

  /** The desktop of this person, the same at every call. */
  async home(name, screen) {
    if (!this.homes.has(name)) this.homes.set(name, await this.desktops.open(name, screen));
    return this.homes.get(name);
  }

  /** Puts this person, who has no desktop yet, in front of Wayland. */
  async wayland(name) {
    this.homes.set(name, await this.desktops.openWayland(name));
  }

  /** What this person's app hears and plays. */
  sound(name) {
    return this.homes.get(name).sound;
  }

  /** The windows of this person. */
  screen(name) {
    return this.homes.get(name).screen;
  }

  /** Opens this person's window. */
  async open(name, ...args) {
    const app = await openApp({ binary: BINARY, args: ["--profile", name, ...args], home: await this.home(name) });
    this.apps.set(name, app);
    return app;
  }

  /** Starts the app on somebody's desktop as a person does: nobody drives it. */
  start({ env }, ...args) {
    return this.#keep(start(BINARY, [...AT_HOME, ...args], { env: { ...env, RUST_LOG: "p2p_comm=info" } }));
  }

  /** Opens a bare window of the web engine, on a desktop with a screen of this size. */
  async browse(name, screen) {
    const browser = await openBrowser(await this.home(name, screen));
    this.apps.set(name, browser);
    return browser;
  }

  /** Kills this person's program, as the driver does; it can be opened again. */
  async close(name) {
    const app = this.apps.get(name);
    this.apps.delete(name);
    await app.close();
  }

  /** Ends it in order, as Quit in its menu does. */
  async quit(name) {
    const app = this.apps.get(name);
    // The page may be gone before the answer comes.
    await app.ask("quit").catch(() => {});
    await until(`the program of ${name} is gone`, () => processesOf(app.home, "p2p-comm").length === 0);
    await this.close(name).catch(() => {});
  }

  async keepEvidence(title) {
    for (const [name, home] of this.homes) {
      await takePicture(home, `failed-${title}-${name}`).catch((error) => console.error(error.message));
    }
    for (const program of [...this.apps.values(), ...this.doubles]) {
      if (program.output?.()) console.error(`--- written:\n${program.output()}`);
    }
  }

  async clear(how) {
    for (const name of [...this.apps.keys()]) {
      await this.close(name).catch((error) => console.error(`${name}: ${error.message}`));
    }
    for (const double of this.doubles.splice(0)) await double.stop();
    await this.desktops.stop(how);
  }
}
