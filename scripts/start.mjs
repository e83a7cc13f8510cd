// `npm start [-- ARGUMENTS]`: sets up what is missing, builds the app and opens it.
import { main, must, run, Stop, step } from "./lib/run.mjs";
import { buildUi, setup } from "./setup.mjs";

await main(async (args) => {
  if (process.platform === "linux" && !process.env.DISPLAY && !process.env.WAYLAND_DISPLAY) {
    throw new Stop(
      "There is no display here (neither DISPLAY nor WAYLAND_DISPLAY is set), so no window can open.\n" +
        "The same program without a window:\n  cargo run --release -p p2p-comm-cli -- --help",
    );
  }
  await setup();
  await buildUi();
  await step("app", () => must("cargo", ["build", "--release", "-p", "p2p-comm"]));
  return run("cargo", ["run", "--quiet", "--release", "-p", "p2p-comm", "--", ...args]);
});
