// Windows as far as Wine has it: a place of its own for programs and their files, gone after the tests.
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import { LIBRARIES } from "../../scripts/windows/rust.mjs";
import { Program } from "../router/program.mjs";

/** What it lacks is in here, which every program loads. */
const LACKING = "bcryptprimitives.dll";
/** Programs start slowly there. */
const DEADLINE_MS = 60_000;

const home = mkdtempSync(join(tmpdir(), "p2p-comm-wine-"));
const prefix = join(home, "prefix");
const env = {
  ...process.env,
  // The directories of the person there are those of the person here.
  HOME: mkdtempSync(join(home, "person-")),
  WINEPREFIX: prefix,
  WINEDEBUG: "-all",
  // Two that Wine would offer to fetch, and what brings its menu into that of the desktop.
  WINEDLLOVERRIDES: "mscoree,mshtml,winemenubuilder.exe=",
};

after(() => {
  run("wineboot", "--kill");
  rmSync(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
});

/** A directory for files of a test, as Linux sees it. */
export const files = mkdtempSync(join(home, "files-"));
/** The first disk, as Linux sees it. */
export const disk = join(prefix, "drive_c");

/** The same path as a program of Windows sees it. */
export function seen(path) {
  return `Z:${path.replaceAll("/", "\\")}`;
}

/** The paths of files of this name on that disk. */
export function find(name) {
  return readdirSync(disk, { recursive: true }).filter((path) => basename(path) === name);
}

/** Runs a program to its end. @returns what it prints */
export function run(...command) {
  return execFileSync("wine", command, {
    env,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
    timeout: DEADLINE_MS,
  });
}

/** Starts a program and follows what it prints. `more`: of the environment. */
export function start([program, ...args], more = {}) {
  const child = spawn("wine", [program, ...args], { env: { ...env, ...more }, stdio: ["ignore", "pipe", "pipe"] });
  return new Program(child, DEADLINE_MS);
}

/** A program with the libraries beside it and what it lacks in Wine, in a directory of its own. @returns its path */
export function ready(program) {
  const directory = mkdtempSync(join(home, "program-"));
  for (const name of [basename(program), ...LIBRARIES])
    copyFileSync(join(dirname(program), name), join(directory, name));
  const source = join(dirname(fileURLToPath(import.meta.url)), "lacking.c");
  execFileSync("x86_64-w64-mingw32-gcc", ["-shared", "-O2", "-o", join(directory, LACKING), source, "-ladvapi32"]);
  return join(directory, basename(program));
}
