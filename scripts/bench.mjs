// `npm run bench [-- --only NAME] [--seeds N] [--keep DIR]`: every benchmark; one JSON object per line on standard
// output, a table on standard error. `--seeds` and `--keep` are for the calls: tests/sound/README.md.
import { accessSync, constants } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { pythonWith } from "./lib/python.mjs";
import { main, output, ROOT, run, Stop } from "./lib/run.mjs";
import { systemPackages } from "./lib/system.mjs";
import { DEBIAN_SOUND } from "./lib/system-packages.mjs";
import { PACKAGES } from "./package/places.mjs";
import { buildUi, setup } from "./setup.mjs";

const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
const HUMAN_VOICE = "/usr/share/sounds/alsa/Front_Center.wav";

await main(async (args) => {
  const options = parsed(args);
  // The command-line peer is measured as a process of its own.
  const code = await run("cargo", ["build", "--quiet", "--release", "-p", "p2p-comm-cli"]);
  if (code !== 0) return code;
  const only = options.only === undefined ? [] : ["--only", options.only];
  const first = await run("cargo", ["run", "--quiet", "--release", "-p", "bench", "--", ...only]);
  const second = await windows(only);
  const third = await packages(only);
  return (await calls(options)) || third || second || first;
});

function parsed(args) {
  try {
    const string = { type: "string" };
    return parseArgs({ args, options: { only: string, seeds: string, keep: string } }).values;
  } catch (error) {
    throw new Stop(`${error.message}\nUse: npm run bench -- [--only NAME] [--seeds N] [--keep DIR]`);
  }
}

/** The window in its real web view, where the machine can drive one. */
async function windows(only) {
  if (process.platform !== "linux") {
    console.error("The window is not measured: only the web view of Linux can be driven from outside.");
    return 0;
  }
  await setup({ tests: true });
  await buildUi();
  const build = ["build", "--quiet", "--release", "-p", "p2p-comm", "--features", "automation"];
  const code = await run("cargo", build);
  if (code !== 0) return code;
  const programs = ["--app", join(TARGET, "release/p2p-comm"), "--cli", join(TARGET, "release/p2p-comm-cli")];
  return run(process.execPath, ["tests/window/bench.mjs", ...programs, ...only]);
}

/** What people install, where it was made, and where a directory can become the root of a system. */
async function packages(only) {
  if (process.platform !== "linux" || process.getuid() !== 0 || !readable(PACKAGES)) {
    console.error("The packages are not measured: that needs Linux, root, and what `npm run package` makes.");
    return 0;
  }
  await systemPackages({ tests: true, packages: true });
  return run(process.execPath, ["tests/package/bench.mjs", ...only], { env: { P2P_COMM_PACKAGES: PACKAGES } });
}

/** Calls over a virtual sound card and an impaired network, where the machine can have both. */
async function calls(options) {
  const lacking = lacks();
  if (lacking !== undefined) {
    console.error(`The calls are not measured: ${lacking}`);
    return 0;
  }
  const python = await pythonWith("tests/sound/requirements.txt", "python-sound");
  if (python === undefined) return 1;
  const program = join(TARGET, "release/p2p-comm-cli");
  const own = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
  return run(python, ["tests/sound/bench.py", "--cli", program, ...own]);
}

/** What this machine lacks for that, in words, or undefined. */
function lacks() {
  if (process.platform !== "linux") return "this needs Linux.";
  if (process.getuid() !== 0) return "network namespaces need root.";
  const programs = ["cc", "espeak-ng", "ip", "nsenter", "paplay", "pulseaudio", "python3", "setpriv"];
  const missing = programs.filter((name) => output("sh", ["-c", `command -v ${name}`]) === undefined);
  if (!readable(HUMAN_VOICE)) missing.push(HUMAN_VOICE);
  if (!readable("/dev/net/tun")) return "there is no /dev/net/tun.";
  if (missing.length === 0) return undefined;
  return `${missing.join(", ")} missing. On Debian or Ubuntu:\n  apt-get install --no-install-recommends ${DEBIAN_SOUND.join(" ")}`;
}

function readable(path) {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
