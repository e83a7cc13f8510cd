// Desktops without a screen. All share one message bus, as the windows of one person would; each has a display and a
// home directory of its own, so that every window has the keyboard focus and a picture shows one app.
import { randomInt } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { joinBus } from "./bus.mjs";
import { startNotifications } from "./notifications.mjs";
import { start } from "./process.mjs";
import { Screen } from "./screen.mjs";
import { startSound } from "./sound.mjs";
import { startTray } from "./tray.mjs";
import { until } from "./wait.mjs";

const SCREEN = "1280x800x24";

export async function startDesktops() {
  const root = mkdtempSync(join(tmpdir(), "p2p-comm-window-"));
  const desktops = new Desktops(root);
  try {
    await desktops.startBus();
  } catch (error) {
    await desktops.stop();
    throw error;
  }
  return desktops;
}

class Desktops {
  constructor(root) {
    this.root = root;
    this.running = [];
    this.shared = {};
    // Last in, so after the processes ended, should the whole test be ended from outside.
    process.on("exit", this.#removeRoot);
  }

  async startBus() {
    const { env } = this.#home("bus");
    const bus = start("dbus-daemon", ["--session", "--nofork", "--print-address=3"], { env, extraPipes: 1 });
    this.running.push(bus);
    this.shared.DBUS_SESSION_BUS_ADDRESS = await firstLine(bus, "the message bus");
  }

  /** A tray, as all desktops of this bus have it from now on. */
  tray() {
    return startTray(this.shared.DBUS_SESSION_BUS_ADDRESS);
  }

  /** A keychain (GNOME Keyring), unlocked, with the secrets of everybody on this bus. It outlives the programs. */
  async keychain() {
    const { env } = this.#home("keychain");
    const command = "printf login | exec gnome-keyring-daemon --foreground --components=secrets --unlock";
    const keychain = start("/bin/sh", ["-c", command], { env });
    this.running.push(keychain);
    const bus = await joinBus(this.shared.DBUS_SESSION_BUS_ADDRESS);
    try {
      const names = (await bus.getProxyObject("org.freedesktop.DBus", "/org/freedesktop/DBus")).getInterface(
        "org.freedesktop.DBus",
      );
      await until("the keychain answers", async () => {
        // Whoever asks a service that is not there makes the bus start one: another, and that would be locked.
        if (!(await names.NameHasOwner("org.freedesktop.secrets"))) return false;
        const service = await bus.getProxyObject("org.freedesktop.secrets", "/org/freedesktop/secrets");
        const collection = await service.getInterface("org.freedesktop.Secret.Service").ReadAlias("default");
        return collection !== "/";
      });
    } finally {
      bus.disconnect();
    }
  }

  /** A notification daemon, likewise. */
  notifications() {
    return startNotifications(this.shared.DBUS_SESSION_BUS_ADDRESS);
  }

  /**
   * A display of this size with a window manager, a sound server and a fresh home directory.
   * @returns {Promise<{ directory: string, env: Record<string, string>, sound: object, screen: Screen }>}
   */
  async open(name, screen = SCREEN) {
    const home = this.#home(name);
    // Drawn by lot: servers that look for the first free number take each other's when tests run side by side.
    // Below 59536: clients of X count it onto the TCP port 6000, and debug builds of theirs end on an overflow.
    const number = randomInt(1000, 59_000);
    // Without "-noreset" it starts anew when its only program ends, and turns away who comes in that moment.
    const options = ["-displayfd", "3", "-screen", "0", screen, "-nolisten", "tcp", "-noreset"];
    const server = start("Xvfb", [`:${number}`, ...options], { env: home.env, extraPipes: 1 });
    this.running.push(server);
    home.env.DISPLAY = `:${await firstLine(server, "the X server")}`;
    home.sound = await startSound(join(this.root, `${name}-sound`));
    this.running.push(home.sound);
    Object.assign(home.env, home.sound.forApp);
    // The window manager's own files stay out of the home that a test looks at.
    const manager = { ...this.#home(`${name}-manager`).env, DISPLAY: home.env.DISPLAY };
    // No compositor: on a screen without a graphics card it would only cost time.
    const managing = start("xfwm4", ["--compositor=off"], { env: manager });
    this.running.push(managing);
    home.screen = new Screen(home.env);
    await until("the window manager is there", () => home.screen.managed()).catch((error) => {
      throw new Error(`${error.message}\n${managing.output()}`);
    });
    return home;
  }

  async stop() {
    for (const running of this.running.splice(0).reverse()) await running.stop();
    this.#removeRoot();
    process.off("exit", this.#removeRoot);
  }

  #removeRoot = () => rmSync(this.root, { recursive: true, force: true });

  #home(name) {
    const directory = join(this.root, name);
    const runtime = join(this.root, `${name}-run`);
    mkdirSync(directory, { recursive: true });
    mkdirSync(runtime, { recursive: true, mode: 0o700 });
    const env = {
      PATH: process.env.PATH,
      LANG: "C.UTF-8",
      HOME: directory,
      TMPDIR: runtime,
      XDG_CONFIG_HOME: join(directory, ".config"),
      XDG_CACHE_HOME: join(directory, ".cache"),
      XDG_DATA_HOME: join(directory, ".local/share"),
      XDG_STATE_HOME: join(directory, ".local/state"),
      XDG_RUNTIME_DIR: runtime,
      P2P_COMM_DATA_DIR: join(directory, "p2p-comm"),
      // No graphics card: draw by software, without handing buffers over to one.
      LIBGL_ALWAYS_SOFTWARE: "1",
      WEBKIT_DISABLE_DMABUF_RENDERER: "1",
      RUST_BACKTRACE: "1",
      ...this.shared,
    };
    return { directory, env };
  }
}

/** Reads the one line that a server prints on descriptor 3 when it is ready. */
async function firstLine(server, what) {
  let text = "";
  let gone = false;
  server.pipes[0].on("data", (chunk) => {
    text += chunk;
  });
  server.exited.then(() => {
    gone = true;
  });
  await until(`${what} is ready`, () => text.includes("\n") || gone);
  if (!text.includes("\n")) throw new Error(`${what} did not start:\n${server.output()}`);
  return text.slice(0, text.indexOf("\n")).trim();
}
