// Pictures of a whole virtual screen, kept as artefacts.
import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { start } from "./process.mjs";

const DIRECTORY = join(dirname(fileURLToPath(import.meta.url)), "../../artifacts/window");

const CURSOR_PIXELS = 200;

/** Saves the screen of `home` as `artifacts/window/NAME.png` and returns the path. */
export async function takePicture(home, name) {
  mkdirSync(DIRECTORY, { recursive: true });
  const file = join(DIRECTORY, `${name}.png`);
  await run(home, "import", ["-silent", "-window", "root", file]);
  return file;
}

/** Whether two pictures show the same, a blinking cursor left out. */
export async function looksLike(home, one, other) {
  const tool = start("compare", ["-metric", "AE", one, other, "null:"], { env: home.env });
  await tool.exited;
  await tool.closed;
  await tool.stop();
  return Number.parseFloat(tool.output()) <= CURSOR_PIXELS;
}

async function run(home, command, args) {
  const tool = start(command, args, { env: home.env });
  const code = await tool.exited;
  await tool.closed;
  await tool.stop();
  if (code !== 0) throw new Error(`${command} failed: ${tool.output()}`);
  return tool.output();
}
