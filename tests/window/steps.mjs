// What a person does in the window, and what the person then sees.
import assert from "node:assert/strict";
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

/** Opens both windows and brings alice and bob into a conversation. */
export async function meet(stage) {
  const alice = await stage.open("alice");
  const bob = await stage.open("bob");
  const alicePort = await connect(alice, { name: "alice" });
  const bobPort = await connect(bob, { name: "bob" });
  assert.notEqual(alicePort, bobPort, "each instance takes a port of its own");
  await addPeer(alice, { label: "bob", port: bobPort });
  await addPeer(bob, { label: "alice", port: alicePort });
  await peerIs(alice, "bob", "connected");
  await peerIs(bob, "alice", "connected");
  await openConversation(alice, "bob");
  await openConversation(bob, "alice");
  return { alice, bob, alicePort, bobPort };
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
