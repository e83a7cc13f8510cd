// A Rust that can compile for Windows.
import { copyFileSync, existsSync } from "node:fs";
import { join } from "node:path";
import { must, output, Stop } from "../lib/run.mjs";
import { DEBIAN_WINDOWS_RUST } from "../lib/system-packages.mjs";
import { older, RUST } from "../lib/tools.mjs";
import { TARGET } from "../package/places.mjs";

const TRIPLE = "x86_64-pc-windows-gnu";
/** What programs need beside them: the loader of the web view, and what GCC checks the stack with. Other compilers put both into the program. */
export const LIBRARIES = ["WebView2Loader.dll", "libssp-0.dll"];
/** Where Debian has its own, if rustup's comes first. */
const SYSTEM = "/usr/bin";
const HOME = join(TARGET, "windows");
/** What is compiled lies here. */
export const BUILT = join(HOME, TRIPLE, "debug");

/** What cargo and rustc are, and what they need on top. */
let found;

/** Finds it, or says what to install. Returns a remark. */
export function rust() {
  found = withLibrary() ?? withItsSource();
  if (found) return `${output(found.rustc, ["--version"])}, ${found.how}`;
  throw new Stop(
    `No Rust here has the standard library of ${TRIPLE}. With rustup:\n  rustup target add ${TRIPLE}\n` +
      `or on Debian 12, which builds it from its source (and takes the place of Debian's own rustc):\n` +
      `  sudo apt-get install --no-install-recommends ${DEBIAN_WINDOWS_RUST.join(" ")}`,
  );
}

/** As rustup installs it. */
function withLibrary() {
  const library = output("rustc", ["--print", "target-libdir", "--target", TRIPLE]);
  if (!library || !existsSync(library)) return undefined;
  return { rustc: "rustc", cargo: "cargo", flags: [], env: {}, how: "with its library" };
}

/** Of one version with the compiler: the library may use what is in no stable version, so the compiler is told to let it. */
function withItsSource() {
  const rustc = join(SYSTEM, "rustc");
  const version = output(rustc, ["--version"])?.split(" ")[1];
  if (version === undefined || older(version, RUST)) return undefined;
  const source = join(output(rustc, ["--print", "sysroot"]), "lib/rustlib/src/rust/library/std");
  if (!existsSync(source)) return undefined;
  return {
    rustc,
    cargo: join(SYSTEM, "cargo"),
    flags: ["-Zbuild-std=std,panic_abort"],
    env: { RUSTC: rustc, RUSTC_BOOTSTRAP: "1" },
    how: "with its library's source",
  };
}

/** Compiles everything. */
export async function workspace(...args) {
  await cargo("build", "--workspace", ...args);
  const stack = LIBRARIES[1];
  copyFileSync(output("x86_64-w64-mingw32-gcc", [`-print-file-name=${stack}`]), join(BUILT, stack));
}

/** Warnings of this project are errors. */
function cargo(command, ...args) {
  return must(found.cargo, [command, "--target", TRIPLE, ...found.flags, ...args], {
    env: {
      ...found.env,
      CARGO_TARGET_DIR: HOME,
      RUSTFLAGS: "-Dwarnings",
      // Nobody debugs it, and it takes most of the room.
      CARGO_INCREMENTAL: "0",
      CARGO_PROFILE_DEV_DEBUG: "0",
    },
  });
}
