// Pictures of a whole virtual screen, kept as artefacts.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "./process.mjs";

const DIRECTORY = join(dirname(fileURLToPath(import.meta.url)), "../../artifacts/window");

const EMPTY_COLOURS = 8;

/** Saves the screen of `home` as `artifacts/window/NAME.png` and returns the path. */
export async function takePicture(home, name) {
  mkdirSync(DIRECTORY, { recursive: true });
  const file = join(DIRECTORY, `${name}.png`);
  await run(home, "import", ["-silent", "-window", "root", file]);
  return file;
}

/** Whether a picture shows more than an empty screen: text alone has dozens of shades. */
export async function showsSomething(home, file) {
  return Number(await run(home, "identify", ["-format", "%k", file])) > EMPTY_COLOURS;
}

async function run(home, command, args) {
  const tool = start(command, args, { env: home.env });
  const code = await tool.exited;
  await tool.closed;
  await tool.stop();
  if (code !== 0) throw new Error(`${command} failed: ${tool.output()}`);
  return tool.output();
}
