// The window as a screen reader has it: over AT-SPI, the accessibility bus of the desktop. A program that people get cannot
// be driven in its web view, but this it tells everybody.
import dbus from "@particle/dbus-next";
import { until } from "../window/wait.mjs";

const ACCESSIBLE = "org.a11y.atspi.Accessible";
const TEXT = "org.a11y.atspi.Text";
const ROOT = "/org/a11y/atspi/accessible/root";
const REGISTRY = "org.a11y.atspi.Registry";
/** A page is a tree of a few hundred parts; more is a loop. */
const MOST_PARTS = 5000;

/** Joins the accessibility bus of the session, and asks programs to tell. */
/** Kinds of parts, as AT-SPI numbers them (atspi-constants.h). */
export const ROLE = { checkBox: 7, listItem: 32, password: 40, button: 43, entry: 79, article: 109 };

export async function startScreenReader(sessionAddress) {
  const session = dbus.sessionBus({ busAddress: sessionAddress });
  session.on("error", () => {});
  await call(session, "org.a11y.Bus", "/org/a11y/bus", "org.freedesktop.DBus.Properties", "Set", "ssv", [
    "org.a11y.Status",
    "IsEnabled",
    new dbus.Variant("b", true),
  ]);
  const [address] = await call(session, "org.a11y.Bus", "/org/a11y/bus", "org.a11y.Bus", "GetAddress");
  const bus = dbus.sessionBus({ busAddress: address });
  bus.on("error", () => {});
  await until("the accessibility bus names us", () => bus.name);
  return new ScreenReader(session, bus);
}

class ScreenReader {
  constructor(session, bus) {
    this.session = session;
    this.bus = bus;
  }

  /** Waits for a part whose role and name match. */
  part(role, name, deadlineMs) {
    const found = async () => {
      for await (const part of this.parts()) if (part.role === role && name.test(part.name)) return part;
      return undefined;
    };
    return until(`a part ${name} of the kind ${role}`, found, deadlineMs);
  }

  /** Waits until something on the screen says this. */
  says(pattern, deadlineMs) {
    const heard = async () => {
      for await (const part of this.parts())
        if (pattern.test(part.name) || pattern.test(await this.text(part))) return part;
      return undefined;
    };
    return until(`something says ${pattern}`, heard, deadlineMs);
  }

  /** Presses a button. */
  async press(part) {
    await call(this.bus, part.owner, part.path, "org.a11y.atspi.Action", "DoAction", "i", [0]);
  }

  /** Puts the keys into a field. */
  async focus(part) {
    await call(this.bus, part.owner, part.path, "org.a11y.atspi.Component", "GrabFocus");
  }

  /** Everything that is shown, as lines: for whoever looks for a failure. */
  async everything() {
    const lines = [];
    for await (const part of this.parts()) lines.push(`${"  ".repeat(part.depth)}${part.role} "${part.name}"`);
    return lines.join("\n");
  }

  /** All parts of all programs, or of one part, from the outside in. One that goes away while it is asked is left out. */
  async *parts({ owner, path } = { owner: REGISTRY, path: ROOT }) {
    const waiting = [{ owner, path, depth: 0 }];
    for (let seen = 0; waiting.length > 0 && seen < MOST_PARTS; seen += 1) {
      const part = waiting.pop();
      try {
        const children = await this.#children(part);
        const [role] = await call(this.bus, part.owner, part.path, ACCESSIBLE, "GetRole");
        const name = await this.property(part, ACCESSIBLE, "Name");
        for (const [owner, path] of children.reverse()) waiting.push({ owner, path, depth: part.depth + 1 });
        yield { ...part, role, name };
      } catch (error) {
        if (!(error instanceof dbus.DBusError)) throw error;
      }
    }
  }

  /** Of the frame around a page GetChildren knows nothing, since the page is drawn by another process. */
  async #children(part) {
    const [children] = await call(this.bus, part.owner, part.path, ACCESSIBLE, "GetChildren");
    if (children.length > 0 || (await this.property(part, ACCESSIBLE, "ChildCount")) === 0) return children;
    return call(this.bus, part.owner, part.path, ACCESSIBLE, "GetChildAtIndex", "i", [0]);
  }

  /** Everything that is said inside of a part. */
  async inside(part) {
    const texts = [];
    for await (const one of this.parts(part)) texts.push(await this.text(one));
    return texts.join(" ");
  }

  /** The text in it, which may be another than its name. */
  async text(part) {
    try {
      const [able] = await call(this.bus, part.owner, part.path, ACCESSIBLE, "GetInterfaces");
      if (!able.includes(TEXT)) return "";
      const [text] = await call(this.bus, part.owner, part.path, TEXT, "GetText", "ii", [0, -1]);
      return text;
    } catch {
      return "";
    }
  }

  async property({ owner, path }, of, name) {
    const [value] = await call(this.bus, owner, path, "org.freedesktop.DBus.Properties", "Get", "ss", [of, name]);
    return value.value;
  }

  stop() {
    this.bus.disconnect();
    this.session.disconnect();
  }
}

async function call(bus, destination, path, of, member, signature = "", body = []) {
  const message = new dbus.Message({ destination, path, interface: of, member, signature, body });
  const answer = await bus.call(message);
  return answer.body;
}
