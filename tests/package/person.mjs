// What a person does in the window of a program that is installed, by keyboard and screen reader.
import assert from "node:assert/strict";
import { ROLE } from "./screenreader.mjs";

const MEETING_MS = 30_000;

/** Puts the text into a field, with the keyboard. */
async function fill(home, reader, role, name, text) {
  await reader.focus(await reader.part(role, name));
  await home.screen.type(text);
}

export async function connect(home, reader) {
  await fill(home, reader, ROLE.entry, /^Your name/, "alice");
  await fill(home, reader, ROLE.password, /^Shared password/, "quiet harbour lantern");
  await reader.press(await reader.part(ROLE.button, /^Connect$/));
  await reader.says(/UDP port \d+/);
}

/** Makes a choice, which is kept. */
export async function choose(reader, name) {
  await reader.press(await reader.part(ROLE.button, /^Settings$/));
  await reader.press(await reader.part(ROLE.checkBox, name));
  await reader.press(await reader.part(ROLE.button, /^Close$/));
}

/** Starts Echo, writes to it, and waits for its answer. */
export async function talkToEcho(home, reader, text) {
  await reader.press(await reader.part(ROLE.button, /Start Echo/));
  await reader.says(/Echo\s*Online/, MEETING_MS);
  await fill(home, reader, ROLE.entry, /^Message to Echo/, text);
  await home.screen.keys("Return");
  const answer = await reader.part(ROLE.article, /^Echo, /, MEETING_MS);
  assert.match(await reader.inside(answer), new RegExp(text));
}
