// What people install: how large it is, and how soon the installed window can be used. Every figure is one JSON object per
// line on standard output ({"name","value","unit","n"}) and a row of a table on standard error.
//   P2P_COMM_PACKAGES=DIRECTORY node tests/package/bench.mjs [--only NAME]
import { statSync } from "node:fs";
import { parseArgs } from "node:util";
import { median } from "../window/bench/figures.mjs";
import { until } from "../window/wait.mjs";
import { installed, made, mountable, Stage } from "./stage.mjs";

const STARTS = 7;
const DEADLINE_MS = 30_000;
const POLL_MS = 2;

const mib = (extension) => ({ value: statSync(made(extension)).size / 2 ** 20, n: 1 });
const BENCHMARKS = [
  ["deb_mib", "MiB", () => mib(".deb")],
  ["appimage_mib", "MiB", () => mib(".AppImage")],
  ["installed_window_ready_ms", "ms", () => ready(installed, "p2p-comm")],
  ["appimage_window_ready_ms", "ms", () => ready(mountable, "/opt/p2p-comm.AppImage")],
];

const { only } = parseArgs({ options: { only: { type: "string", default: "" } } }).values;
for (const [name, unit, measure] of BENCHMARKS.filter(([one]) => one.startsWith(only))) {
  try {
    const { value, n } = await measure();
    console.log(JSON.stringify({ name, value: Number(value.toFixed(3)), unit, n }));
    console.error(`${name.padEnd(32)} ${value.toFixed(2).padStart(10)} ${unit.padEnd(7)} n = ${n}`);
  } catch (error) {
    console.error(`FAILED ${name}: ${error.stack}`);
    process.exitCode = 1;
  }
}
process.exit();

/** From the start of the process until the connect screen is drawn and takes input; the first start is not counted. */
async function ready(prepare, command) {
  const stage = new Stage();
  const times = [];
  try {
    await prepare(stage);
    for (let run = 0; run <= STARTS; run++) {
      const began = performance.now();
      const program = stage.start([command], { RUST_LOG: "p2p_comm=info" });
      await until("the window is ready", () => program.output().includes("window ready"), DEADLINE_MS, POLL_MS);
      if (run > 0) times.push(performance.now() - began);
      await program.stop();
    }
  } finally {
    await stage.clear();
  }
  return { value: median(times), n: times.length };
}
