// `npm run package`: what people install, for the system it runs on, in `packages` of the build's directory.
// Linux: .deb, .rpm, .AppImage. Windows: .msi and an .exe that installs. macOS: .dmg.
// `-- --programs` only builds the programs, `-- --wrap` only packs what is built: a release signs while it packs, and no build
// script of a library may see the keys.
import { copyFileSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { main, must, ROOT, run, Stop, step } from "./lib/run.mjs";
import { appImage } from "./package/appimage.mjs";
import { bundlerConfig, bundlerHome, FORMATS, OLDEST_MAC } from "./package/config.mjs";
import { smallerDeb } from "./package/deb.mjs";
import { linuxFiles } from "./package/files.mjs";
import { PACKAGES, RELEASE, STAGING, TARGET } from "./package/places.mjs";
import { buildRuntime } from "./package/runtime.mjs";
import { buildUi, setup } from "./setup.mjs";

const LOCKED = process.env.CI ? ["--locked"] : [];

await main(async (args) => {
  const { programs, wrap } = parsed(args);
  const formats = FORMATS[process.platform];
  if (formats === undefined) throw new Stop(`There are no packages for ${process.platform}.`);
  if (!wrap) await buildPrograms();
  if (!programs) await pack(formats);
});

function parsed(args) {
  try {
    return parseArgs({ args, options: { programs: { type: "boolean" }, wrap: { type: "boolean" } } }).values;
  } catch (error) {
    throw new Stop(`${error.message}\nUse: npm run package [-- --programs | --wrap]`);
  }
}

async function buildPrograms() {
  await setup({ packages: true });
  await buildUi();
  const env = process.platform === "darwin" ? { MACOSX_DEPLOYMENT_TARGET: OLDEST_MAC } : {};
  // One after the other: together they would share features, and everything would be built once more. Whatever tests left in
  // their place, with the feature by which they can be driven, goes with that.
  for (const name of ["p2p-comm", "p2p-comm-cli"]) {
    await step(name, () => must("cargo", ["build", "--release", "-p", name, ...LOCKED], { env }));
  }
  if (process.platform === "linux") await step("the program in front of the AppImage", buildRuntime);
}

async function pack(formats) {
  rmSync(STAGING, { recursive: true, force: true });
  mkdirSync(STAGING, { recursive: true });
  const files = process.platform === "linux" ? linuxFiles() : {};
  await step(formats.join(", "), () => bundle(formats, files));
  collect(formats);
  if (process.platform === "linux") {
    await step("smaller .deb", smallerDeb);
    await step("AppImage", appImage);
  }
  for (const name of readdirSync(PACKAGES).sort()) {
    console.log(
      `${(statSync(join(PACKAGES, name)).size / 2 ** 20).toFixed(1).padStart(6)} MiB  ${join(PACKAGES, name)}`,
    );
  }
}

async function bundle(formats, files) {
  const config = join(STAGING, "bundler.json");
  writeFileSync(config, JSON.stringify(bundlerConfig(files), null, 2));
  const cli = join(ROOT, "node_modules", "@tauri-apps", "cli", "tauri.js");
  const arguments_ = [cli, "bundle", "--ci", "--bundles", formats.join(","), "--config", config];
  // The bundler lays out the window of a .dmg only if it is told to where nobody looks at it.
  const env = { CARGO_TARGET_DIR: TARGET, TAURI_BUNDLER_DMG_IGNORE_CI: "true" };
  const code = await run(process.execPath, arguments_, { cwd: bundlerHome(), env });
  if (code !== 0) throw new Stop("The packages could not be made.");
}

/** Puts what was bundled into one directory, under names without blanks. */
function collect(formats) {
  rmSync(PACKAGES, { recursive: true, force: true });
  mkdirSync(PACKAGES, { recursive: true });
  for (const format of formats) {
    const directory = join(RELEASE, "bundle", format);
    const extension = format === "nsis" ? ".exe" : `.${format}`;
    const made = readdirSync(directory).filter((name) => name.endsWith(extension));
    if (made.length !== 1) throw new Stop(`${directory} should hold one ${extension}, and holds ${made.length}.`);
    copyFileSync(
      join(directory, made[0]),
      join(PACKAGES, basename(made[0]).replace("P2P Privacy Communications", "p2p-comm")),
    );
  }
}
