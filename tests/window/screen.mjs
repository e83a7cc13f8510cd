// What the window system says about the windows of a screen, and the hands of the person before it.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { until } from "./wait.mjs";

const execute = promisify(execFile);

/** The screen of one person. */
export class Screen {
  constructor(env) {
    this.env = env;
  }

  /** A window manager is there. */
  async managed() {
    return /window id/.test(await this.run("xprop", ["-root", "_NET_SUPPORTING_WM_CHECK"]));
  }

  /** Waits until a window with this title is mapped. */
  window(title) {
    return until(`a window ${title} is on the screen`, async () => {
      const found = (await this.windows()).find((window) => title.test(window.title));
      return found && new ScreenWindow(this, found.id);
    });
  }

  /** Waits until none is. */
  noWindow(title, deadlineMs) {
    const gone = async () => !(await this.windows()).some((window) => title.test(window.title));
    return until(`no window ${title} is on the screen`, gone, deadlineMs);
  }

  /** Every window that the window manager shows or has minimised: `{ id, title }`. */
  async windows() {
    // Where there is no window at all the list itself is missing, and that it calls a failure.
    const list = await this.run("wmctrl", ["-l"]).catch((error) => {
      if (/Cannot get client list/.test(error.stderr)) return "";
      throw error;
    });
    const lines = list.split("\n").filter(Boolean);
    return lines.map((line) => {
      const [, id, title] = /^(\S+)\s+\S+\s+\S+\s(.*)$/.exec(line);
      return { id: Number(id), title };
    });
  }

  /** The window that gets the keys. */
  async active() {
    const text = await this.run("xprop", ["-root", "_NET_ACTIVE_WINDOW"]);
    return Number(/window id # (0x[0-9a-f]+)/.exec(text)?.[1]);
  }

  /** Presses keys, as xdotool names them. */
  keys(...keys) {
    return this.run("xdotool", ["key", "--clearmodifiers", ...keys]);
  }

  type(text) {
    return this.run("xdotool", ["type", "--delay", "20", text]);
  }

  async run(command, args) {
    const { stdout } = await execute(command, args, { env: this.env });
    return stdout;
  }
}

class ScreenWindow {
  constructor(screen, id) {
    this.screen = screen;
    this.id = id;
  }

  /** Its marks, such as ABOVE, STICKY and HIDDEN (minimised). */
  async state() {
    const text = await this.screen.run("xprop", ["-id", String(this.id), "_NET_WM_STATE"]);
    return [...text.matchAll(/_NET_WM_STATE_(\w+)/g)].map(([, mark]) => mark);
  }

  async title() {
    const text = await this.screen.run("xprop", ["-id", String(this.id), "-notype", "8u", "_NET_WM_NAME"]);
    return /= "(.*)"/.exec(text)?.[1];
  }

  /** Where it is on the screen, in pixels. */
  async place() {
    // Not xdotool, which counts the frame of a window twice.
    const text = await this.screen.run("xwininfo", ["-id", String(this.id)]);
    const value = (name) => Number(new RegExp(`${name}: +(-?\\d+)`).exec(text)[1]);
    return {
      x: value("Absolute upper-left X"),
      y: value("Absolute upper-left Y"),
      width: value("Width"),
      height: value("Height"),
    };
  }

  /** Clicks, at a place from its upper left corner. */
  async click(x, y) {
    const { x: left, y: top } = await this.place();
    await this.screen.run("xdotool", ["mousemove", String(left + x), String(top + y), "click", "1"]);
  }

  /** The button in the title bar. */
  close() {
    return this.screen.run("wmctrl", ["-i", "-c", `0x${this.id.toString(16)}`]);
  }

  /** Gives it the keys. */
  activate() {
    return this.screen.run("wmctrl", ["-i", "-a", `0x${this.id.toString(16)}`]);
  }
}
