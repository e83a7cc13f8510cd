// `npm run package:test [-- WORDS]`: installs what `npm run package` made into clean roots, starts it there, talks, and
// removes it. WORDS: only the tests whose names match. Linux of the Debian family, and root.
import { existsSync } from "node:fs";
import { main, run, Stop, step } from "./lib/run.mjs";
import { systemPackages } from "./lib/system.mjs";
import { npmPackages } from "./lib/ui.mjs";
import { PACKAGES } from "./package/places.mjs";

await main(async ([words]) => {
  if (process.platform !== "linux") throw new Stop("Packages are tried out on Linux only.");
  if (process.getuid() !== 0)
    throw new Stop("A directory becomes the root of a system only for root: sudo npm run package:test");
  if (!existsSync(PACKAGES)) throw new Stop(`There is nothing in ${PACKAGES}: npm run package`);
  await step("system packages", () => systemPackages({ tests: true, packages: true }));
  await step("npm packages", npmPackages);
  const only = words === undefined ? [] : [`--test-name-pattern=${words}`];
  return run(process.execPath, ["--test-reporter=spec", ...only, "tests/package/run.mjs"], {
    env: { P2P_COMM_PACKAGES: PACKAGES },
  });
});
