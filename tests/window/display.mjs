// X displays with a window manager. Both take their time to start, so a display that a test left as it was serves the next.
import { randomInt } from "node:crypto";
import { startBus } from "./bus.mjs";
import { makeHome, makeRoot, removeRoot } from "./home.mjs";
import { firstLine, start } from "./process.mjs";
import { Screen } from "./screen.mjs";
import { until } from "./wait.mjs";

/** Displays that nobody uses. */
const left = [];

/** A display of this size (such as `1280x800x24`), without a window on it. */
export async function takeDisplay(size) {
  const found = left.findIndex((display) => display.size === size);
  if (found >= 0) return left.splice(found, 1)[0];
  const display = new Display(size);
  try {
    await display.start();
  } catch (error) {
    await display.stop();
    throw error;
  }
  return display;
}

/** Ends the displays that were left. */
export async function endDisplays() {
  for (const display of left.splice(0)) await display.stop();
}

class Display {
  constructor(size) {
    this.size = size;
    this.running = [];
    this.root = makeRoot("p2p-comm-display-");
  }

  async start() {
    // The window manager's own files and bus stay out of what a test looks at.
    const { env } = makeHome(this.root, "home");
    const bus = await startBus(env);
    this.running.push(bus);
    // Drawn by lot: servers that look for the first free number take each other's when tests run side by side.
    // Below 59536: clients of X count it onto the TCP port 6000, and debug builds of theirs end on an overflow.
    const number = randomInt(1000, 59_000);
    // Without "-noreset" it starts anew when its only program ends, and turns away who comes in that moment.
    const options = ["-displayfd", "3", "-screen", "0", this.size, "-nolisten", "tcp", "-noreset"];
    const server = start("Xvfb", [`:${number}`, ...options], { env, extraPipes: 1 });
    this.running.push(server);
    this.name = `:${await firstLine(server, "the X server")}`;
    Object.assign(env, { DISPLAY: this.name, DBUS_SESSION_BUS_ADDRESS: bus.address });
    // No compositor: on a screen without a graphics card it would only cost time.
    const manager = start("xfwm4", ["--compositor=off"], { env });
    this.running.push(manager);
    this.screen = new Screen(env);
    await until("the window manager is there", () => this.screen.managed()).catch((error) => {
      throw new Error(`${error.message}\n${manager.output()}`);
    });
  }

  /** Whoever used it is done. */
  async leave() {
    const [width, height] = this.size.split("x").map(Number);
    try {
      await until("no window is left", async () => (await this.screen.windows()).length === 0);
      await this.screen.run("xdotool", ["mousemove", String(width / 2), String(height / 2)]);
      left.push(this);
    } catch {
      await this.stop();
    }
  }

  async stop() {
    for (const running of this.running.splice(0).reverse()) await running.stop();
    removeRoot(this.root);
  }
}
