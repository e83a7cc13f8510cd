// Running programs and saying what is being done.
import { spawn, spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The top of the checkout. */
export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A failure that the person can read and act on; it is shown without a stack. */
export class Stop extends Error {}

/** Runs `body` as one step: its name when it starts, the elapsed seconds when it ends. `body` may return a remark. */
export async function step(name, body) {
  const began = Date.now();
  const remark = await body();
  console.error(`[${seconds(began)}] ${name}${remark ? `: ${remark}` : ""}`);
}

export function seconds(began) {
  return `${((Date.now() - began) / 1000).toFixed(1)} s`.padStart(8);
}

/** What a program prints, trimmed, or undefined where it is missing or fails. */
export function output(command, args) {
  const result = spawnSync(command, args, {
    cwd: ROOT,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    shell: needsShell(command),
  });
  return result.status === 0 ? result.stdout.trim() : undefined;
}

/** Runs a program in the foreground with its output shown. @returns {Promise<number>} its exit code */
export function run(command, args, { cwd = ROOT, env = {}, timeoutMs } = {}) {
  console.error(`$ ${[command, ...args].join(" ")}`);
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ["ignore", "inherit", "inherit"],
      shell: needsShell(command),
    });
    const timer = timeoutMs && setTimeout(() => child.kill("SIGTERM"), timeoutMs);
    const end = (code) => {
      clearTimeout(timer);
      resolve(code);
    };
    child.on("error", (error) => {
      console.error(`${command}: ${error.message}`);
      end(127);
    });
    child.on("exit", (code) => end(code ?? 1));
  });
}

/** As `run`, but a failure stops everything. */
export async function must(command, args, options) {
  const code = await run(command, args, options);
  if (code !== 0) throw new Stop(`${command} ${args[0] ?? ""} failed with exit code ${code}`);
}

/** Runs a script's main function: a `Stop` becomes one plain line and exit code 1. */
export async function main(body) {
  try {
    process.exitCode = (await body(process.argv.slice(2))) ?? 0;
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  }
}

/** On Windows npm and npx are command files, which only a shell can start. */
function needsShell(command) {
  return process.platform === "win32" && (command === "npm" || command === "npx");
}
