// How large the page is, and how soon the connect screen can be used.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { AT_HOME } from "../app.mjs";
import { startDesktops } from "../desktop.mjs";
import { start } from "../process.mjs";
import { until } from "../wait.mjs";
import { median } from "./figures.mjs";

const PAGE = fileURLToPath(new URL("../../../ui/dist", import.meta.url));
const STARTS = 7;
const DEADLINE_MS = 30_000;
const POLL_MS = 2;

/** Everything that ships for the page, each file compressed by gzip at its default level. */
export function bundle() {
  const files = readdirSync(PAGE, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const sizes = files.map((file) => gzipSync(readFileSync(join(file.parentPath ?? file.path, file.name))).length);
  return { ui_bundle_kib: { value: sizes.reduce((sum, size) => sum + size, 0) / 1024, n: files.length } };
}

/** From the start of the process until the connect screen is drawn and takes input; the first start is not counted. */
export async function ready({ app }) {
  const desktops = await startDesktops();
  const times = [];
  try {
    const home = await desktops.open("alice");
    for (let run = 0; run <= STARTS; run++) {
      const began = performance.now();
      const program = start(app, AT_HOME, { env: { ...home.env, RUST_LOG: "p2p_comm=info" } });
      await until("the window is ready", () => program.output().includes("window ready"), DEADLINE_MS, POLL_MS);
      if (run > 0) times.push(performance.now() - began);
      await program.stop();
    }
  } finally {
    await desktops.stop();
  }
  return { window_ready_ms: { value: median(times), n: times.length } };
}
