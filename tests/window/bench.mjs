// What the window costs in time and memory. Every figure is one JSON object per line on standard output
// ({"name","value","unit","n"}) and a row of a table on standard error.
//   node tests/window/bench.mjs --app PROGRAM --cli PROGRAM [--only NAME]
// Both are release builds, the app with the feature `automation`, by which its web view can be driven.
import { parseArgs } from "node:util";
import { idle } from "./bench/idle.mjs";
import { opening } from "./bench/long.mjs";
import { remembered } from "./bench/remembered.mjs";
import { bundle, ready } from "./bench/start.mjs";

/** A benchmark: the names and units that it yields, and how to run it. */
const BENCHMARKS = [
  [{ ui_bundle_kib: "KiB" }, bundle],
  [{ window_ready_ms: "ms" }, ready],
  [{ start_remembered_ms: "ms" }, remembered],
  [{ idle_cpu_percent: "%", app_rss_mib: "MiB", app_pss_mib: "MiB" }, idle],
  [{ open_100k_ms: "ms", scroll_work_p95_ms: "ms", scroll_over_33ms_percent: "%", rows_in_page: "rows" }, opening],
];

const { app, cli, only } = parseArgs({
  options: { app: { type: "string" }, cli: { type: "string" }, only: { type: "string", default: "" } },
}).values;

const figures = [];
for (const [units, measure] of BENCHMARKS) {
  if (!Object.keys(units).some((name) => name.startsWith(only))) continue;
  try {
    const values = await measure({ app, cli });
    for (const [name, { value, n }] of Object.entries(values)) {
      const figure = { name, value: Number(value.toFixed(3)), unit: units[name], n };
      console.log(JSON.stringify(figure));
      figures.push(figure);
    }
  } catch (error) {
    console.error(`FAILED ${Object.keys(units)[0]}: ${error.stack}`);
    process.exitCode = 1;
  }
}
for (const { name, value, unit, n } of figures) {
  console.error(`${name.padEnd(32)} ${value.toFixed(2).padStart(10)} ${unit.padEnd(7)} n = ${n}`);
}
process.exit();
