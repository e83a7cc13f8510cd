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

/** How many pixels of this part of the screen are rather red. */
export async function redness(home, { x, y, width, height }) {
  const part = `${Math.round(width)}x${Math.round(height)}+${Math.round(x)}+${Math.round(y)}`;
  const counted = ["-fx", "u.r - u.g > 0.3", "-format", "%[fx:mean*w*h]", "info:"];
  return Number(await run(home, "convert", ["x:root", "-crop", part, "+repage", ...counted]));
}

async function run(home, command, args) {
  const tool = start(command, args, { env: home.env });
  const code = await tool.exited;
  await tool.closed;
  await tool.stop();
  if (code !== 0) throw new Error(`${command} failed: ${tool.output()}`);
  return tool.output();
}
