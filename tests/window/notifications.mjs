// A notification daemon, as a double that a test can look into: https://specifications.freedesktop.org/notification-spec/
import dbus from "@particle/dbus-next";
import { joinBus } from "./bus.mjs";
import { until } from "./wait.mjs";

const { Interface } = dbus.interface;

/** Starts a daemon on the bus at this address. */
export async function startNotifications(address) {
  const daemon = new Notifications(await joinBus(address));
  await daemon.start();
  return daemon;
}

const CLOSED_BY_PERSON = 2;
const CLOSED_BY_PROGRAM = 3;

class Daemon extends Interface {
  /** What is shown now, by its number. */
  shown = new Map();
  /** Everything that was ever asked to be shown. */
  asked = [];
  last = 0;
  /** Nobody hears what became of a notification before this is over. */
  answering = Promise.resolve();

  async Notify(program, replaces, _icon, title, body, actions, hints, time) {
    const id = replaces || ++this.last;
    const note = { id, replaces, program, title, body, actions, hints: plain(hints), time };
    this.shown.set(id, note);
    this.asked.push(note);
    await this.answering;
    return id;
  }
  CloseNotification(id) {
    if (this.shown.delete(id)) this.NotificationClosed(id, CLOSED_BY_PROGRAM);
  }
  GetCapabilities() {
    return ["actions", "body", "body-markup", "persistence"];
  }
  GetServerInformation() {
    return ["double", "tests", "1", "1.2"];
  }
  NotificationClosed(id, reason) {
    return [id, reason];
  }
  ActionInvoked(id, action) {
    return [id, action];
  }
}
Daemon.configureMembers({
  methods: {
    Notify: { inSignature: "susssasa{sv}i", outSignature: "u" },
    CloseNotification: { inSignature: "u" },
    GetCapabilities: { outSignature: "as" },
    GetServerInformation: { outSignature: "ssss" },
  },
  signals: {
    NotificationClosed: { signature: "uu" },
    ActionInvoked: { signature: "us" },
  },
});

class Notifications {
  constructor(bus) {
    this.bus = bus;
    this.daemon = new Daemon("org.freedesktop.Notifications");
  }

  async start() {
    this.bus.export("/org/freedesktop/Notifications", this.daemon);
    await this.bus.requestName("org.freedesktop.Notifications", 0);
  }

  /** Waits for a notification of this person's program whose title and body match. */
  one(person, title, body = /(?:)/) {
    return until(`a notification of ${person}: ${title} ${body}`, () =>
      this.of(person).find((note) => title.test(note.title) && body.test(note.body)),
    );
  }

  /** Waits until this person's program shows none. Throws after `deadlineMs`. */
  none(person, deadlineMs) {
    return until(`no notification of ${person}`, () => this.of(person).length === 0, deadlineMs);
  }

  /** What this person's program shows now. */
  of(person) {
    return [...this.daemon.shown.values()].filter(({ program }) => program.endsWith(`– ${person}`));
  }

  /** Everything that was ever asked for with this title. */
  asked(title) {
    return this.daemon.asked.filter((note) => title.test(note.title));
  }

  /** Shows notifications, but answers nobody. @returns the way to answer */
  stall() {
    let go;
    this.daemon.answering = new Promise((resolve) => {
      go = resolve;
    });
    return go;
  }

  /** Presses a button of a notification, or "default": the notification itself. */
  press(note, action) {
    this.daemon.ActionInvoked(note.id, action);
    this.daemon.shown.delete(note.id);
    this.daemon.NotificationClosed(note.id, CLOSED_BY_PERSON);
  }

  stop() {
    this.bus.disconnect();
  }
}

function plain(hints) {
  return Object.fromEntries(Object.entries(hints).map(([name, { value }]) => [name, value]));
}
