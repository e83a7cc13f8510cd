// A sound server of its own for each person: what a test plays into the mouth, the app's microphone hears; what the app
// plays, the ear has. No real sound card is touched.
import { execFileSync } from "node:child_process";
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { start } from "./process.mjs";
import { until } from "./wait.mjs";

/** A pitch of the tone that rings which no other tone has, and the time of a round: silence for so long is its end. */
const RING_HZ = 784;
const ROUND_S = 3.3;

const RATE = 48_000;
const TONE_S = 90;
/** On and off in turns: a steady tone would be taken for noise. */
const PULSE_S = 0.3;
const LISTEN_S = 2;
/** A level is taken over so many samples. */
const SPAN = RATE / 10;

/** Starts the server in `directory` (a short path: its socket lives there). */
export async function startSound(directory) {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const sound = new Sound(directory);
  await sound.start();
  return sound;
}

class Sound {
  constructor(directory) {
    this.directory = directory;
    this.socket = join(directory, "native");
    this.env = {
      PATH: process.env.PATH,
      HOME: directory,
      XDG_RUNTIME_DIR: directory,
      PULSE_RUNTIME_PATH: directory,
      PULSE_SERVER: `unix:${this.socket}`,
      DBUS_SESSION_BUS_ADDRESS: "disabled:",
    };
    this.running = [];
  }

  async start() {
    const script = join(this.directory, "sound.pa");
    const modules = [
      `module-native-protocol-unix auth-anonymous=1 socket=${this.socket}`,
      "module-null-sink sink_name=mouth rate=48000 channels=1 channel_map=mono",
      "module-null-sink sink_name=ear rate=48000 channels=1 channel_map=mono",
      "module-remap-source source_name=microphone master=mouth.monitor channels=1 channel_map=mono",
    ];
    const lines = [".fail", ...modules.map((module) => `load-module ${module}`)];
    writeFileSync(script, `${[...lines, "set-default-sink ear", "set-default-source microphone"].join("\n")}\n`);
    const quiet = ["--daemonize=no", "--use-pid-file=no", "--exit-idle-time=-1", "--realtime=no", "--high-priority=no"];
    this.running.push(start("pulseaudio", ["-n", ...quiet, "-F", script], { env: this.env }));
    await until("the sound server listens", () => existsSync(this.socket));
  }

  /** What the app needs to find it. */
  get forApp() {
    const { PULSE_SERVER } = this.env;
    return { PULSE_SERVER };
  }

  /** Plugs in a further microphone of this name; what is said into it is played into the sink `NAME-mouth`. */
  plugMicrophone(name) {
    const quoted = `source_properties=device.description="${name}"`;
    this.#load("module-null-sink", `sink_name=${name}-mouth`, "rate=48000", "channels=1", "channel_map=mono");
    this.#load("module-remap-source", `source_name=${name}`, `master=${name}-mouth.monitor`, "channels=1", quoted);
  }

  /** Plugs in a further speaker of this name. */
  plugSpeaker(name) {
    const quoted = `sink_properties=device.description="${name}"`;
    this.#load("module-null-sink", `sink_name=${name}`, "rate=48000", "channels=1", "channel_map=mono", quoted);
  }

  #load(...module) {
    execFileSync("pactl", ["load-module", ...module], { env: this.env });
  }

  /** Somebody talks, with this pitch, until the test is over. */
  talk(pitch, mouth = "mouth") {
    const file = join(this.directory, `tone-${pitch}.raw`);
    const samples = new Int16Array(RATE * TONE_S);
    for (let n = 0; n < samples.length; n += 1) {
      const on = Math.floor(n / RATE / PULSE_S) % 2 === 0;
      samples[n] = on ? 8000 * Math.sin((2 * Math.PI * pitch * n) / RATE) : 0;
    }
    writeFileSync(file, new Uint8Array(samples.buffer));
    this.running.push(start("pacat", ["--playback", `--device=${mouth}`, ...FORMAT, file], { env: this.env }));
  }

  /** Listens until the test is over for the tone that rings, in this speaker. */
  listen(speaker) {
    const file = join(this.directory, `${speaker}.raw`);
    this.running.push(start("parec", [`--device=${speaker}.monitor`, ...FORMAT, file], { env: this.env }));
    return new Recording(speaker, file);
  }

  /** Waits until the ear has this pitch, or (`gone`) has it no more. */
  async hears(pitch, { gone = false } = {}) {
    await until(
      `${pitch} Hz is ${gone ? "gone" : "heard"}`,
      async () => {
        const level = await this.#level(pitch);
        return gone ? level < 0.003 : level > 0.03;
      },
      30_000,
    );
  }

  /** Amplitude of one pitch in the loudest part of what the ear has in the next 2 s; full scale is 1. */
  async #level(pitch) {
    const file = join(this.directory, "heard.raw");
    rmSync(file, { force: true });
    const recorder = start("parec", ["--device=ear.monitor", ...FORMAT, file], { env: this.env });
    await until("the ear was recorded", () => existsSync(file) && statSync(file).size > RATE * 2 * LISTEN_S);
    await recorder.stop();
    const bytes = readFileSync(file);
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 2));
    return Math.max(...levels(samples, pitch));
  }

  async stop() {
    for (const process of this.running.splice(0).reverse()) await process.stop();
  }
}

/** What a speaker plays from the first moment on. Times are in seconds. */
class Recording {
  constructor(speaker, file) {
    this.speaker = speaker;
    this.file = file;
  }

  /** Waits until it rings. */
  rings() {
    const from = this.#length();
    return until(`${this.speaker} rings`, () => this.#lastRing(from) !== undefined);
  }

  /** Waits until it rings no more. @returns how long it went on, from now on */
  async falls() {
    const from = this.#length();
    let last;
    await until(`${this.speaker} is silent`, () => {
      last = this.#lastRing(from) ?? from;
      return this.#length() - last > ROUND_S;
    });
    return last - from;
  }

  /** Whether it ever rang. */
  rang() {
    return this.#lastRing(0) !== undefined;
  }

  #length() {
    return existsSync(this.file) ? Math.floor(statSync(this.file).size / 2) / RATE : 0;
  }

  /** When it rang last after this moment, if it did. */
  #lastRing(from) {
    const begin = Math.round(from * RATE);
    const samples = new Int16Array(Math.max(0, Math.round(this.#length() * RATE) - begin));
    if (samples.length === 0) return undefined;
    const file = openSync(this.file);
    readSync(file, samples, 0, samples.byteLength, begin * 2);
    closeSync(file);
    const last = [...levels(samples, RING_HZ)].findLastIndex((level) => level > 0.02);
    return last < 0 ? undefined : (begin + (last + 1) * SPAN) / RATE;
  }
}

const FORMAT = ["--raw", "--format=s16le", `--rate=${RATE}`, "--channels=1", "--latency-msec=50"];

/** How loud this pitch is in each part of these samples; full scale is 1. */
function* levels(samples, pitch) {
  for (let from = 0; from + SPAN <= samples.length; from += SPAN) {
    yield amplitude(samples.subarray(from, from + SPAN), pitch);
  }
}

function amplitude(samples, pitch) {
  let [sine, cosine] = [0, 0];
  for (let n = 0; n < samples.length; n += 1) {
    const angle = (2 * Math.PI * pitch * n) / RATE;
    sine += (samples[n] / 32768) * Math.sin(angle);
    cosine += (samples[n] / 32768) * Math.cos(angle);
  }
  return (2 * Math.hypot(sine, cosine)) / samples.length;
}
