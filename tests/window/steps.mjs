// What a person does in the window, and what the person then sees.
import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { By, Key } from "selenium-webdriver";
import { until } from "./wait.mjs";

export const PASSWORD = "quiet-harbour-lantern-42";

/** Pairing takes a moment, and a peer that was added later is reached at the next attempt only. */
const MEETING_MS = 30_000;

/** Connects and returns the UDP port that the status bar names. `port` asks for one. */
export async function connect(app, { name, password = PASSWORD, port }) {
  await app.fill("connect-name", name);
  await app.fill("connect-password", password);
  if (port !== undefined) {
    await app.click("connect-advanced");
    await app.fill("connect-port", String(port));
  }
  await app.click("connect-submit");
  const [, shown] = await app.shows("status-bar", /UDP port (\d+)/);
  return Number(shown);
}

/**
 * A port for somebody who comes back to it: by lot from where neither the app nor the system looks for a free one, as a test
 * beside could take it in between.
 */
export const keptPort = () => randomInt(20_000, 30_000);

/** Opens both windows and brings alice and bob into a conversation. `ports` are those that they ask for. */
export async function meet(stage, ports = {}) {
  const [alice, bob] = await Promise.all([stage.open("alice"), stage.open("bob")]);
  const [alicePort, bobPort] = await Promise.all([
    connect(alice, { name: "alice", port: ports.alice }),
    connect(bob, { name: "bob", port: ports.bob }),
  ]);
  assert.notEqual(alicePort, bobPort, "each instance takes a port of its own");
  await Promise.all([
    addPeer(alice, { label: "bob", port: bobPort }),
    addPeer(bob, { label: "alice", port: alicePort }),
  ]);
  await Promise.all([peerIs(alice, "bob", "connected"), peerIs(bob, "alice", "connected")]);
  await Promise.all([openConversation(alice, "bob"), openConversation(bob, "alice")]);
  return { alice, bob, alicePort, bobPort };
}

/** Opens alice's window and brings her into a conversation with Echo. */
export async function meetEcho(stage) {
  const alice = await stage.open("alice");
  await connect(alice, { name: "alice" });
  await alice.click("echo-start");
  await peerIs(alice, "Echo", "connected");
  await openConversation(alice, "Echo");
  return alice;
}

export async function addPeer(app, { label, host = "localhost", port }) {
  await app.click("add-peer");
  await app.click("add-by-hand");
  await app.fill("add-label", label);
  await app.fill("add-host", host);
  await app.fill("add-port", String(port));
  await app.click("add-submit");
  await peerRow(app, label);
}

/** Changes some of the settings. */
export async function change(app, edit) {
  const settings = await app.ask("settings");
  edit(settings);
  await app.ask("set_settings", { settings });
}

/** Opens this part of the settings. */
export async function openSettings(app, section) {
  await app.click("menu-me");
  await app.click("settings-open");
  await app.click(`settings-${section}`);
}

export async function closeSettings(app) {
  // The focus comes back to the settings a moment after a dialog of theirs is gone.
  await until("the settings are closed", async () => {
    const focused = app.driver.switchTo().activeElement();
    await focused.sendKeys(Key.ESCAPE).catch(() => {});
    return (await app.all("settings")).length === 0;
  });
}

/** Chooses from a list the line with this text. */
export async function pick(app, testId, text) {
  const list = await app.one(testId);
  const line = await until(`${testId} offers ${text}`, async () => {
    for (const option of await list.findElements(By.css("option"))) {
      if (text.test(await option.getText())) return option;
    }
    return undefined;
  });
  await line.click();
}

/** Waits until the peer's row is in one of these states. */
export function peerIs(app, label, ...states) {
  return until(
    `${label} is ${states.join(" or ")}`,
    async () => {
      const row = await findRow(app, label);
      return states.includes(await row?.getAttribute("data-state"));
    },
    MEETING_MS,
  );
}

export async function openConversation(app, label) {
  const row = await peerRow(app, label);
  await row.click();
  await app.one("composer");
}

export async function say(app, text) {
  await app.fill("composer", text);
  await app.click("send");
}

export async function sendLink(app, url) {
  await app.click("link-open");
  await app.fill("link-url", url);
  await app.click("link-submit");
}

/** Waits for a message with this text and these marks, such as `{ sender: 'me', delivery: 'delivered' }`. */
export function sees(app, text, marks = {}) {
  return until(`the message "${text}" ${JSON.stringify(marks)}`, async () => (await count(app, text, marks)) > 0);
}

/** How many messages with this text and these marks are shown. */
export async function count(app, text, marks = {}) {
  const selector = Object.entries(marks)
    .map(([name, value]) => `[data-${name}="${value}"]`)
    .join("");
  let found = 0;
  for (const message of await app.all("message", selector)) {
    if ((await message.getText()).includes(text)) found += 1;
  }
  return found;
}

function peerRow(app, label) {
  return until(`${label} is on the list`, () => findRow(app, label));
}

async function findRow(app, label) {
  for (const row of await app.all("peer-row")) {
    if ((await row.getText()).includes(label)) return row;
  }
  return undefined;
}
