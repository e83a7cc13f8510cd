// `npm run check:windows [-- WORDS]`, on Linux: compiles everything for Windows, makes an .msi, and tries both out under Wine.
// WORDS: of what was built before, only the tests whose names match.
import { join } from "node:path";
import { main, must, run, Stop, step } from "./lib/run.mjs";
import { systemPackages } from "./lib/system.mjs";
import { tools } from "./lib/tools.mjs";
import { npmPackages, uiBuild } from "./lib/ui.mjs";
import { TARGET } from "./package/places.mjs";
import { INSTALLER, installer } from "./windows/installer.mjs";
import { BUILT, rust, workspace } from "./windows/rust.mjs";

const LOCKED = process.env.CI ? ["--locked"] : [];

await main(async ([words]) => {
  if (process.platform !== "linux" || process.arch !== "x64") throw new Stop("This check runs on Linux on x86_64.");
  if (words === undefined) await build();
  const only = words === undefined ? [] : [`--test-name-pattern=${words}`];
  return run(process.execPath, ["--test-reporter=spec", ...only, "tests/windows/run.mjs"], {
    env: {
      P2P_COMM_CLI: join(TARGET, "debug/p2p-comm-cli"),
      P2P_COMM_CLI_EXE: join(BUILT, "p2p-comm-cli.exe"),
      P2P_COMM_MSI: INSTALLER,
    },
    timeoutMs: 600_000,
  });
});

async function build() {
  await step("tools", tools);
  await step("Rust for Windows", rust);
  await step("system packages", () => systemPackages({ tests: true, windows: true }));
  await step("npm packages", npmPackages);
  await step("user interface", uiBuild);
  await step("workspace for Windows", () => workspace(...LOCKED));
  await step(".msi", installer);
  await step("p2p-comm-cli of Linux", () =>
    must("cargo", ["build", "--workspace", "--bin", "p2p-comm-cli", ...LOCKED]),
  );
}
