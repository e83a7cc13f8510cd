// Desktops without a screen. All share one message bus, as the windows of one person would; each has a display and a
// home directory of its own, so that every window has the keyboard focus and a picture shows one app.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { joinBus, startBus } from "./bus.mjs";
import { takeDisplay } from "./display.mjs";
import { makeHome, makeRoot, removeRoot } from "./home.mjs";
import { startNotifications } from "./notifications.mjs";
import { start } from "./process.mjs";
import { startSound } from "./sound.mjs";
import { startTray } from "./tray.mjs";
import { until } from "./wait.mjs";

const SCREEN = "1280x800x24";

export async function startDesktops() {
  const desktops = new Desktops();
  try {
    await desktops.startBus();
  } catch (error) {
    await desktops.stop();
    throw error;
  }
  return desktops;
}

class Desktops {
  constructor() {
    this.root = makeRoot("p2p-comm-window-");
    this.running = [];
    this.displays = [];
    this.shared = {};
  }

  async startBus() {
    const bus = await startBus(this.#home("bus").env);
    this.running.push(bus);
    this.shared.DBUS_SESSION_BUS_ADDRESS = bus.address;
  }

  /** A tray, as all desktops of this bus have it from now on. */
  tray() {
    return startTray(this.shared.DBUS_SESSION_BUS_ADDRESS);
  }

  /**
   * A keychain (GNOME Keyring) with the secrets of everybody on this bus, unlocked. It outlives the programs; one that
   * was stopped comes back with what it had, and `locked`: then it asks for its password, which is "login".
   */
  async keychain({ locked = false } = {}) {
    const { env } = this.#home("keychain");
    const daemon = "exec gnome-keyring-daemon --foreground --components=secrets";
    const command = locked ? daemon : `printf login | ${daemon} --unlock`;
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
    return keychain;
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
    const display = await takeDisplay(screen);
    this.displays.push(display);
    home.env.DISPLAY = display.name;
    home.screen = display.screen;
    return this.#withSound(home, name);
  }

  /** The same on Wayland, on a screen that nobody sees: Wayland lets no program look at others or press keys for them. */
  async openWayland(name) {
    const home = this.#home(name);
    const { env } = this.#home(`${name}-weston`);
    const options = ["--backend=headless-backend.so", "--no-config", "--idle-time=0", "--socket=screen"];
    const weston = start("weston", options, { env });
    this.running.push(weston);
    const socket = join(env.XDG_RUNTIME_DIR, "screen");
    await until("the Wayland screen is there", () => existsSync(socket)).catch((error) => {
      throw new Error(`${error.message}\n${weston.output()}`);
    });
    Object.assign(home.env, { WAYLAND_DISPLAY: socket, GDK_BACKEND: "wayland" });
    return this.#withSound(home, name);
  }

  async #withSound(home, name) {
    home.sound = await startSound(join(this.root, `${name}-sound`));
    this.running.push(home.sound);
    Object.assign(home.env, home.sound.forApp);
    return home;
  }

  /** `tidy`: nothing went wrong, so the displays are as they were. */
  async stop({ tidy = false } = {}) {
    for (const running of this.running.splice(0).reverse()) await running.stop();
    for (const display of this.displays.splice(0)) await (tidy ? display.leave() : display.stop());
    removeRoot(this.root);
  }

  #home(name) {
    return makeHome(this.root, name, this.shared);
  }
}
