// What a person does to be remembered, and what is then on the disk.
import { existsSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Key } from "selenium-webdriver";
import { joinBus } from "./bus.mjs";
import { start } from "./process.mjs";
import { closeSettings, connect, openSettings } from "./steps.mjs";
import { until } from "./wait.mjs";

export const PASSPHRASE = "four words of mine alone";

export async function pressEscape(app) {
  await (await app.driver.switchTo().activeElement()).sendKeys(Key.ESCAPE);
}

/** From the settings, by the keychain. */
export async function remember(app) {
  await openSettings(app, "privacy");
  await app.click("keep-remember");
  await app.click("seal-submit");
  await until("it is remembered", async () => (await app.ask("remembered")).kind === "open");
  await app.none("seal-submit");
  await closeSettings(app);
}

/** From the connect screen, by a passphrase: needs no keychain. */
export async function rememberByPassphrase(app, { name }) {
  await app.click("remember");
  await app.click("seal-passphrase");
  await app.fill("seal-secret", PASSPHRASE);
  await app.fill("seal-again", PASSPHRASE);
  return connect(app, { name });
}

export async function unlock(app, passphrase = PASSPHRASE) {
  await app.fill("unlock-passphrase", passphrase);
  await app.click("unlock-submit");
}

/** What is kept of the conversation that is open. */
export async function openKeeping(app) {
  await app.click("peer-menu");
  await app.click("peer-keep");
  await app.one("peer-retention");
}

/** Types a path into a file dialog of the desktop. */
export async function chooseFile(screen, title, path) {
  await (await screen.window(title)).activate();
  // One that opens a file makes the field for the path only when one begins to type, and may lose what comes meanwhile.
  await until(`the dialog ${title} takes ${path}`, async () => {
    if (!(await screen.windows()).some((window) => title.test(window.title))) return true;
    await screen.keys("ctrl+a");
    await screen.type(path);
    await screen.keys("Return");
    return screen.noWindow(title, 2000);
  });
}

/** Imports these lines into the open conversation. They are an hour old, one second apart. */
export async function bring(stage, person, lines) {
  const app = stage.apps.get(person);
  const start = Date.now() - 3_600_000;
  const dated = lines.map((line, i) => ({ sentAt: start + 1000 * i, at: start + 1000 * i, ...line }));
  const file = join((await stage.home(person)).directory, "bring.json");
  writeFileSync(file, JSON.stringify({ format: "p2p-comm conversation", version: 1, peer: "", lines: dated }));
  await openKeeping(app);
  await app.click("import");
  await chooseFile(stage.screen(person), /^Import a conversation$/, file);
  await app.shows("toast", new RegExp(`Added ${lines.length.toLocaleString("en")} lines?`));
  await pressEscape(app);
  await app.none("peer-retention");
}

/** The desktop shows its questions to this person: what the bus starts by itself has their display. */
export async function askOn(stage, person) {
  const { env } = await stage.home(person);
  const bus = await joinBus(env.DBUS_SESSION_BUS_ADDRESS);
  const names = (await bus.getProxyObject("org.freedesktop.DBus", "/org/freedesktop/DBus")).getInterface(
    "org.freedesktop.DBus",
  );
  await names.UpdateActivationEnvironment({ DISPLAY: env.DISPLAY });
  bus.disconnect();
}

/** Somebody deletes what the keychain has under such a label. */
export async function takeFromKeychain(stage, person, label) {
  const { env } = await stage.home(person);
  const bus = await joinBus(env.DBUS_SESSION_BUS_ADDRESS);
  const secrets = "org.freedesktop.secrets";
  try {
    const service = (await bus.getProxyObject(secrets, "/org/freedesktop/secrets")).getInterface(
      "org.freedesktop.Secret.Service",
    );
    const [paths] = await service.SearchItems({});
    for (const path of paths) {
      const item = await bus.getProxyObject(secrets, path);
      const properties = item.getInterface("org.freedesktop.DBus.Properties");
      const { value } = await properties.Get("org.freedesktop.Secret.Item", "Label");
      if (label.test(value)) await item.getInterface("org.freedesktop.Secret.Item").Delete();
    }
  } finally {
    bus.disconnect();
  }
}

/** Gives this person a session bus of their own, on which nobody answers and which starts nobody. */
export async function leaveAlone(stage, person) {
  const { directory, env } = await stage.home(person);
  const socket = join(directory, "bus");
  const file = join(directory, "bus.conf");
  const policy = '<allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/>';
  writeFileSync(
    file,
    `<busconfig><type>session</type><listen>unix:path=${socket}</listen>
    <policy context="default">${policy}</policy></busconfig>`,
  );
  stage.desktops.running.push(start("dbus-daemon", [`--config-file=${file}`, "--nofork"], { env }));
  await until("the bus is there", () => existsSync(socket));
  env.DBUS_SESSION_BUS_ADDRESS = `unix:path=${socket}`;
}

/** The files of a profile's store, in the home of this person. */
export async function store(stage, person, profile = person) {
  const directory = join((await stage.home(person)).directory, "p2p-comm/profiles", profile);
  if (!existsSync(directory)) return [];
  const files = readdirSync(directory).filter((file) => file.startsWith("store"));
  return files.map((file) => ({ path: join(directory, file), size: statSync(join(directory, file)).size }));
}
