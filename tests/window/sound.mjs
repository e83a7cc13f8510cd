// A sound server of its own for each person: what a test plays into the mouth, the app's microphone hears; what the app
// plays, the ear has. No real sound card is touched.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { start } from "./process.mjs";
import { until } from "./wait.mjs";

const RATE = 48_000;
const TONE_S = 90;
/** On and off in turns: a steady tone would be taken for noise. */
const PULSE_S = 0.3;
const LISTEN_S = 2;

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
    let loudest = 0;
    const span = RATE / 10;
    for (let from = 0; from + span <= samples.length; from += span) {
      loudest = Math.max(loudest, amplitude(samples.subarray(from, from + span), pitch));
    }
    return loudest;
  }

  async stop() {
    for (const process of this.running.splice(0).reverse()) await process.stop();
  }
}

const FORMAT = ["--raw", "--format=s16le", `--rate=${RATE}`, "--channels=1", "--latency-msec=50"];

function amplitude(samples, pitch) {
  let [sine, cosine] = [0, 0];
  for (let n = 0; n < samples.length; n += 1) {
    const angle = (2 * Math.PI * pitch * n) / RATE;
    sine += (samples[n] / 32768) * Math.sin(angle);
    cosine += (samples[n] / 32768) * Math.cos(angle);
  }
  return (2 * Math.hypot(sine, cosine)) / samples.length;
}
