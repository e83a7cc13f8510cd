// The command line of Windows and that of Linux, two computers of one pair of friends. Needs P2P_COMM_CLI and P2P_COMM_CLI_EXE.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Program } from "../router/program.mjs";
import * as wine from "./wine.mjs";

const PASSWORD = { P2P_COMM_PASSWORD: "a lantern over the gate" };
const LIMIT = { timeout: 120_000 };
const RATE = 48_000;

const exe = wine.ready(process.env.P2P_COMM_CLI_EXE);
const windows = (words, env) => wine.start([exe, ...words], { ...PASSWORD, ...env });
const linux = (words, env) => {
  const child = spawn(process.env.P2P_COMM_CLI, words, { env: { ...process.env, ...PASSWORD, ...env } });
  return new Program(child, 60_000);
};

for (const [from, to, alice, bob] of [
  ["Windows", "Linux", windows, linux],
  ["Linux", "Windows", linux, windows],
]) {
  test(`a message from ${from} to ${to}`, LIMIT, async (context) => {
    const { address, friend } = await listen(context, bob);
    const text = "hello from beyond the ocean: ü, 🙂";
    const sent = alice(["send", "--name", "alice", "--peer", address, "--timeout", "50", text]);
    await friend.event("message", (event) => event.text === text);
    assert.equal(await sent.ended, 0);
  });

  test(`a call from ${from} to ${to} is heard on both sides`, LIMIT, async (context) => {
    const paths = (who) => [tone(who), join(wine.files, `${from}-${who}.wav`)];
    const sound = (side, who) => {
      const [mic, speaker] = paths(who).map(side === windows ? wine.seen : (path) => path);
      return ["--mic", mic, "--speaker", speaker];
    };
    const { address, friend } = await listen(context, bob, ["--auto-answer", ...sound(bob, "bob")]);
    const call = ["call", "--name", "alice", "--peer", address, "--for", "6", "--timeout", "50", "--json"];
    const caller = alice([...call, ...sound(alice, "alice")]);
    await caller.event("hearing", ({ hearing }) => hearing === "heard");
    await friend.event("hearing", ({ hearing }) => hearing === "heard");
    assert.equal(await caller.ended, 0);
    await friend.event("callEnded", ({ end }) => end === "hungUp");
    await friend.end();
    for (const [who, other] of [
      ["alice", "bob"],
      ["bob", "alice"],
    ]) {
      const [, heard] = paths(who);
      const seconds = secondsWith(PITCHES[other], samples(heard));
      assert.ok(seconds > 1.5, `${who} heard ${other} for ${seconds.toFixed(1)} s`);
    }
  });
}

test("what is remembered on Windows is there after a restart, sealed", LIMIT, async (context) => {
  const store = join(wine.files, "kept");
  const remember = ["--remember", "--keep-messages", "forever", "--data-dir", wine.seen(store)];
  const passphrase = { P2P_COMM_PASSPHRASE: "only mine" };
  const { address } = await listen(context, linux);
  for (const text of ["the first", "the second"]) {
    const words = ["send", "--name", "alice", "--peer", address, "--timeout", "50", ...remember, text];
    assert.equal(await windows(words, passphrase).ended, 0);
  }
  const names = readdirSync(store);
  assert.ok(names.includes("store.db") && names.includes("store.key.json"), names.join());
  for (const name of names) assert.ok(!readFileSync(join(store, name)).includes("the first"), name);

  const kept = windows(["export", "--peer", address, "--data-dir", wine.seen(store)], passphrase);
  await kept.line("the first text", (line) => line.includes("the first"));
  await kept.line("the second text", (line) => line.includes("the second"));
  assert.equal(await kept.ended, 0);
  const wrong = windows(["export", "--peer", address, "--data-dir", wine.seen(store)], {
    P2P_COMM_PASSPHRASE: "another",
  });
  await wrong.line("the reason", (line) => line.startsWith("error: wrongPassphrase: "));
  assert.equal(await wrong.ended, 1);
});

/** bob listens on a free port of loopback, until the test ends. */
async function listen(context, bob, more = []) {
  const port = await freePort();
  const words = ["listen", "--name", "bob", "--bind", "127.0.0.1", "--port", String(port), "--accept-anyone", "--json"];
  const friend = bob([...words, ...more]);
  context.after(() => friend.end());
  await friend.event("listening");
  return { address: `127.0.0.1:${port}`, friend };
}

function freePort() {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4").on("error", reject);
    socket.bind(0, "127.0.0.1", () => {
      const { port } = socket.address();
      socket.close(() => resolve(port));
    });
  });
}

/** Hertz; neither is a multiple of the other. */
const PITCHES = { alice: 440, bob: 620 };

/** Ten seconds of somebody's tone, as if in words: half a second on, a quarter off. @returns the file */
function tone(who) {
  const data = Buffer.alloc(10 * RATE * 2);
  for (let n = 0; n < 10 * RATE; n++) {
    const on = n % (0.75 * RATE) < 0.5 * RATE;
    data.writeInt16LE(on ? Math.round(9000 * Math.sin((2 * Math.PI * PITCHES[who] * n) / RATE)) : 0, 2 * n);
  }
  const header = Buffer.alloc(44);
  header.write("RIFF", 0);
  header.writeUInt32LE(36 + data.length, 4);
  header.write("WAVEfmt ", 8);
  header.writeUInt32LE(16, 16);
  header.writeUInt16LE(1, 20);
  header.writeUInt16LE(1, 22);
  header.writeUInt32LE(RATE, 24);
  header.writeUInt32LE(RATE * 2, 28);
  header.writeUInt16LE(2, 32);
  header.writeUInt16LE(16, 34);
  header.write("data", 36);
  header.writeUInt32LE(data.length, 40);
  const path = join(wine.files, `${who}-says.wav`);
  writeFileSync(path, Buffer.concat([header, data]));
  return path;
}

/** Of a file that a speaker wrote: one channel, 16 bits. */
function samples(path) {
  const bytes = readFileSync(path);
  const start = bytes.indexOf("data") + 8;
  return Array.from({ length: Math.floor((bytes.length - start) / 2) }, (_, n) => bytes.readInt16LE(start + 2 * n));
}

/** In how much of the sound this pitch is most of what is heard (Goertzel's filter, by 20 ms). */
function secondsWith(pitch, sound) {
  const block = RATE / 50;
  const factor = 2 * Math.cos((2 * Math.PI * pitch) / RATE);
  let found = 0;
  for (let at = 0; at + block <= sound.length; at += block) {
    let [before, last, energy] = [0, 0, 0];
    for (const sample of sound.slice(at, at + block)) {
      [before, last] = [last, sample + factor * last - before];
      energy += sample * sample;
    }
    const power = (before * before + last * last - factor * before * last) * (2 / block);
    if (energy > block * 200 ** 2 && power > energy / 2) found += 1;
  }
  return found / 50;
}
