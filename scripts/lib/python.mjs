// A Python of its own for each list of packages.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT, run } from "./run.mjs";

const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");

/**
 * A Python with the packages of `requirements`, in a directory `name` of the build's own, made again only when the list
 * changes. @returns {Promise<string | undefined>} its path, undefined where it could not be made
 */
export async function pythonWith(requirements, name) {
  const home = join(TARGET, name);
  const python = process.platform === "win32" ? join(home, "Scripts/python.exe") : join(home, "bin/python");
  const stamp = join(home, "installed");
  const wanted = createHash("sha256")
    .update(readFileSync(join(ROOT, requirements)))
    .digest("hex");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === wanted) return python;
  mkdirSync(TARGET, { recursive: true });
  const system = process.platform === "win32" ? "python" : "python3";
  if ((await run(system, ["-m", "venv", "--clear", home])) !== 0) return undefined;
  if ((await run(python, ["-m", "pip", "install", "--quiet", "-r", requirements])) !== 0) return undefined;
  writeFileSync(stamp, wanted);
  return python;
}
