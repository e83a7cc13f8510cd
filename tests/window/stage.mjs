// What every window test stands on: desktops, the app in them, and evidence when something fails.
import { join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { AT_HOME, openApp, openBrowser } from "./app.mjs";
import { startDesktops } from "./desktop.mjs";
import { start } from "./process.mjs";

const TEST_DEADLINE_MS = 120_000;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The app under test: built by `cargo build -p p2p-comm`, or the one that `P2P_COMM_APP` names. */
export const BINARY =
  process.env.P2P_COMM_APP ?? join(process.env.CARGO_TARGET_DIR ?? join(ROOT, "target"), "debug/p2p-comm");

/** Starts the app by itself, undriven. */
export const startApp = (args, options) => start(BINARY, [...AT_HOME, ...args], options);

/** A test with a fresh stage, which is cleared whatever happens. */
export function windowTest(title, body, deadlineMs = TEST_DEADLINE_MS) {
  test(title, { timeout: deadlineMs }, async (context) => {
    const stage = new Stage(await startDesktops());
    // Past the deadline: ending the processes makes whatever still waits for them fail.
    context.signal.addEventListener("abort", () => stage.clear());
    try {
      await body(stage);
    } catch (error) {
      await stage.keepEvidence(title.replaceAll(/\W+/g, "-"));
      throw error;
    } finally {
      await stage.clear();
    }
  });
}

const long = [];

/** A test that mostly waits for a time to pass, or asks nothing of the time: those of all files run side by side. */
export function longTest(title, body, deadlineMs) {
  long.push([title, body, deadlineMs]);
}

/** Runs the long tests of the files that were read until now. */
export function longTests() {
  describe("what takes long, side by side", { concurrency: true }, () => {
    for (const one of long) windowTest(...one);
  });
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
  keychain() {
    return this.desktops.keychain();
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

  /** Opens a bare window of the web engine, on a desktop with a screen of this size. */
  async browse(name, screen) {
    const browser = await openBrowser(await this.home(name, screen));
    this.apps.set(name, browser);
    return browser;
  }

  /** Closes this person's window; it can be opened again. */
  async close(name) {
    const app = this.apps.get(name);
    this.apps.delete(name);
    await app.close();
  }

  async keepEvidence(title) {
    for (const [name, app] of this.apps) {
      await app.picture(`failed-${title}-${name}`).catch((error) => console.error(error.message));
      console.error(`--- ${name}'s app wrote:\n${app.output()}`);
    }
  }

  async clear() {
    for (const name of [...this.apps.keys()]) {
      await this.close(name).catch((error) => console.error(`${name}: ${error.message}`));
    }
    for (const double of this.doubles.splice(0)) double.stop();
    await this.desktops.stop();
  }
}
