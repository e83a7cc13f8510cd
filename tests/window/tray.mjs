// A tray, as a double that a test can look into: https://www.freedesktop.org/wiki/Specifications/StatusNotifierItem/
import dbus from "@particle/dbus-next";
import { joinBus } from "./bus.mjs";
import { until, within } from "./wait.mjs";

const { ACCESS_READ: READ, Interface } = dbus.interface;

/** Starts a tray on the bus at this address. */
export async function startTray(address) {
  const tray = new Tray(await joinBus(address));
  await tray.start();
  return tray;
}

const WATCHER = "org.kde.StatusNotifierWatcher";
const ITEM = "org.kde.StatusNotifierItem";
const MENU = "com.canonical.dbusmenu";
const ANSWER_MS = 15_000;

class Watcher extends Interface {
  items = new Set();

  RegisterStatusNotifierItem(service) {
    this.items.add(service);
  }
  RegisterStatusNotifierHost() {}
  get RegisteredStatusNotifierItems() {
    return [...this.items];
  }
  get IsStatusNotifierHostRegistered() {
    return true;
  }
  get ProtocolVersion() {
    return 0;
  }
}
Watcher.configureMembers({
  methods: {
    RegisterStatusNotifierItem: { inSignature: "s" },
    RegisterStatusNotifierHost: { inSignature: "s" },
  },
  properties: {
    RegisteredStatusNotifierItems: { signature: "as", access: READ },
    IsStatusNotifierHostRegistered: { signature: "b", access: READ },
    ProtocolVersion: { signature: "i", access: READ },
  },
});

class Tray {
  constructor(bus) {
    this.bus = bus;
    this.watcher = new Watcher(WATCHER);
  }

  async start() {
    this.bus.export("/StatusNotifierWatcher", this.watcher);
    await this.bus.requestName(WATCHER, 0);
  }

  /** Waits for the icon of the program that is called this. */
  icon(title) {
    return until(`the tray shows ${title}`, async () => {
      for (const service of this.watcher.items) {
        const icon = new Icon(this.bus, service);
        const found = await icon.property("Title").catch(() => undefined);
        if (found === title) return icon;
        if (found === undefined) this.watcher.items.delete(service);
      }
      return undefined;
    });
  }

  /** The desktop ends its tray. */
  stop() {
    this.bus.disconnect();
  }
}

/** One icon, as the tray sees it. */
class Icon {
  constructor(bus, service) {
    this.bus = bus;
    this.service = service;
  }

  async property(name, path = "/StatusNotifierItem", face = ITEM) {
    const [variant] = await this.#call(path, "org.freedesktop.DBus.Properties", "Get", "ss", [face, name]);
    return variant.value;
  }

  /** "Active" or "NeedsAttention". */
  status() {
    return this.property("Status");
  }

  /** The line that the pointer shows. */
  async words() {
    const [, , , description] = await this.property("ToolTip");
    return description;
  }

  /** Pixels of the picture at double density, as one text: the same picture gives the same text. */
  async picture() {
    const [, large] = await this.property("IconPixmap");
    return `${large[0]}x${large[1]}:${Buffer.from(large[2]).toString("base64")}`;
  }

  /** The lines of the menu: `{ id, label, enabled, checked }`, without the lines between. */
  async menu() {
    const body = [0, -1, []];
    const [, [, , children]] = await this.#call(await this.property("Menu"), MENU, "GetLayout", "iias", body);
    return children
      .map(({ value: [id, properties] }) => ({
        id,
        kind: properties.type?.value,
        label: properties.label?.value,
        enabled: properties.enabled?.value ?? true,
        checked: properties["toggle-state"]?.value === 1,
      }))
      .filter(({ kind }) => kind !== "separator");
  }

  /** Waits until the menu has this line, with these marks. */
  offers(label, marks = { enabled: true }) {
    return until(`the tray's menu has ${label} ${JSON.stringify(marks)}`, async () =>
      (await this.menu()).find(
        (line) => line.label === label && Object.entries(marks).every(([name, value]) => line[name] === value),
      ),
    );
  }

  /** Chooses a line of the menu. */
  async choose(label) {
    const { id } = await this.offers(label);
    const data = new dbus.Variant("i", 0);
    await this.#call(await this.property("Menu"), MENU, "Event", "isvu", [id, "clicked", data, 0]);
  }

  /** Clicks on the icon. */
  click() {
    return this.#call("/StatusNotifierItem", ITEM, "Activate", "ii", [0, 0]);
  }

  async #call(path, face, member, signature, body) {
    const message = new dbus.Message({ destination: this.service, path, interface: face, member, signature, body });
    return (await within(ANSWER_MS, `the icon answers ${member}`, this.bus.call(message))).body;
  }
}
