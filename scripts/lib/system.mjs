// The operating system's packages: found out, shown, and installed where that is possible without a question.
import { readFileSync } from "node:fs";
import { must, output, Stop } from "./run.mjs";
import {
  DEBIAN_PACKAGE,
  DEBIAN_PACKAGE_TEST,
  DEBIAN_RUN,
  DEBIAN_TEST,
  DEBIAN_WINDOWS,
  ELSEWHERE,
} from "./system-packages.mjs";

/** What makes packages for Linux, on systems that are no Debian. */
const PACKAGERS = ["dpkg-deb", "mksquashfs"];
/** The same for `DEBIAN_WINDOWS`. */
const FOR_WINDOWS = ["x86_64-w64-mingw32-gcc", "x86_64-w64-mingw32-g++", "wixl", "msibuild", "msiinfo", "wine"];

/**
 * Makes sure that the system's packages are there. `tests`: those of the tests too; `packages`: those that make, and with
 * `tests` try out, what people install; `windows`: those that build for Windows and try that out. Returns a remark.
 */
export async function systemPackages({ tests = false, packages = false, windows = false }) {
  if (process.platform !== "linux") return elsewhere(process.platform, { tests });
  const family = linuxFamily();
  if (family === "debian") return debian({ tests, packages, windows });
  const needed = [...(packages ? PACKAGERS : []), ...(windows ? FOR_WINDOWS : [])];
  const lacking = needed.find((name) => output("sh", ["-c", `command -v ${name}`]) === undefined);
  if (lacking) throw new Stop(`Missing: ${lacking}. Install the package of your system that holds it.`);
  return elsewhere(family, { tests });
}

async function debian({ tests, packages, windows }) {
  const wanted = [
    ...DEBIAN_RUN,
    ...(tests ? DEBIAN_TEST : []),
    ...(packages ? DEBIAN_PACKAGE : []),
    ...(tests && packages ? DEBIAN_PACKAGE_TEST : []),
    ...(windows ? DEBIAN_WINDOWS : []),
  ];
  const missing = wanted.filter((name) => !installed(name));
  if (missing.length === 0) return `${wanted.length} there`;

  const command = ["apt-get", "install", "-y", "--no-install-recommends", ...missing];
  const isRoot = process.getuid() === 0;
  console.log(`These packages are missing:\n  sudo ${command.join(" ")}`);
  if (!isRoot && output("sudo", ["-n", "true"]) === undefined) {
    throw new Stop("Run the command above (it needs the administrator), then start this again.");
  }
  const prefix = isRoot ? [] : ["sudo", "-n"];
  const noQuestions = ["env", "DEBIAN_FRONTEND=noninteractive"];
  const [first, ...update] = [...prefix, ...noQuestions, "apt-get", "update", "-q"];
  await must(first, update);
  await must(first, [...prefix, ...noQuestions].slice(1).concat(command));
  return `${missing.length} installed`;
}

function installed(name) {
  return output("dpkg-query", ["--status", name])?.includes("\nStatus: install ok installed\n") ?? false;
}

/** Systems on which this script installs nothing: says what to run where something is missing. */
function elsewhere(family, { tests }) {
  const commands = ELSEWHERE[family];
  const lacks = { run: lacksToRun(), test: tests && lacksToTest() };
  for (const kind of ["run", "test"]) {
    if (!lacks[kind]) continue;
    const how = commands
      ? `Run this, then start again:\n  ${commands[kind]}`
      : `Install what these Debian packages hold, then start again:\n  ${(kind === "run" ? DEBIAN_RUN : DEBIAN_TEST).join(" ")}`;
    throw new Stop(`Missing: ${lacks[kind]}. ${how}`);
  }
  // There is no sure way to find the compiler and the web view of Windows; the build tells.
  return process.platform === "win32"
    ? `if the build stops for want of a linker, CMake or Perl: ${commands.run}`
    : "there";
}

function lacksToRun() {
  if (output("cmake", ["--version"]) === undefined && process.platform !== "win32") return "CMake";
  if (process.platform === "darwin" && output("xcode-select", ["-p"]) === undefined)
    return "the Xcode command line tools";
  if (process.platform !== "linux") return undefined;
  return ["gtk+-3.0", "webkit2gtk-4.1", "librsvg-2.0", "openssl"].find(
    (name) => output("pkg-config", ["--exists", name]) === undefined,
  );
}

function lacksToTest() {
  if (output("python3", ["--version"]) === undefined && process.platform !== "win32") return "Python 3";
  if (process.platform !== "linux") return undefined;
  return [
    "Xvfb",
    "WebKitWebDriver",
    "dbus-daemon",
    "weston",
    "xfwm4",
    "wmctrl",
    "xdotool",
    "xprop",
    "xwininfo",
    "import",
  ].find((name) => output("sh", ["-c", `command -v ${name}`]) === undefined);
}

function linuxFamily() {
  let release = "";
  try {
    release = readFileSync("/etc/os-release", "utf8");
  } catch {
    return "unknown";
  }
  const words = [...release.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap(([, value]) => value.split(" "));
  if (words.includes("debian") || words.includes("ubuntu")) return "debian";
  if (words.includes("fedora") || words.includes("rhel")) return "fedora";
  if (words.includes("arch")) return "arch";
  return words.some((word) => word.includes("suse")) ? "opensuse" : "unknown";
}
