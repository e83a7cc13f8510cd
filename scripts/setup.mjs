// Brings a machine that has git, Node and Rust to where the app builds. `node scripts/setup.mjs [--tests]` does only this.
import { fileURLToPath } from "node:url";
import { main, step } from "./lib/run.mjs";
import { systemPackages } from "./lib/system.mjs";
import { tools } from "./lib/tools.mjs";
import { npmPackages, uiBuild } from "./lib/ui.mjs";

/** Everything that must be there before a build; quick when it already is. `tests`, `packages`: also what those need. */
export async function setup({ tests = false, packages = false } = {}) {
  await step("tools", tools);
  await step("system packages", () => systemPackages({ tests, packages }));
  await step("npm packages", npmPackages);
}

/** Builds the page that the window shows. */
export async function buildUi() {
  await step("user interface", uiBuild);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main((args) => setup({ tests: args.includes("--tests") }));
}
