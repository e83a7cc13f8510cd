// Child processes that are certain to end: each runs in a group of its own, and `stop` ends that group by its id.
import { spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { until } from "./wait.mjs";

const KEPT_OUTPUT = 64 * 1024;
const GRACE_MS = 3000;

// Groups that still run. When the test itself is ended they end with it.
const groups = new Set();
process.on("exit", () => {
  for (const pid of groups) signalGroup(pid, "SIGKILL");
});
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) {
  process.on(signal, () => process.exit(1));
}

/**
 * Starts a program. `extraPipes` opens file descriptors 3 and up for reading.
 * @returns {{ pid: number, pipes: import('node:stream').Readable[], output: () => string,
 *             exited: Promise<number | null>, closed: Promise<void>, stop: () => Promise<void> }}
 * where `closed` comes after `exited`, when all output has been read
 */
export function start(command, args, { env = process.env, cwd, extraPipes = 0 } = {}) {
  const stdio = ["ignore", "pipe", "pipe", ...Array(extraPipes).fill("pipe")];
  const child = spawn(command, args, { env, cwd, stdio, detached: true });
  if (child.pid !== undefined) groups.add(child.pid);
  let output = "";
  const keep = (chunk) => {
    output = (output + chunk).slice(-KEPT_OUTPUT);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const exited = new Promise((resolve) => {
    child.on("error", (error) => {
      keep(`${command}: ${error.message}\n`);
      resolve(null);
    });
    child.on("exit", (code) => resolve(code));
  });
  const closed = new Promise((resolve) => child.on("close", resolve));

  async function stop() {
    if (!groups.has(child.pid)) return;
    signalGroup(child.pid, "SIGTERM");
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, GRACE_MS);
    });
    await Promise.race([exited, late]);
    clearTimeout(timer);
    // Whatever of the group is left, children of a gone leader included.
    signalGroup(child.pid, "SIGKILL");
    groups.delete(child.pid);
    await exited;
  }

  return { pid: child.pid, pipes: child.stdio.slice(3), output: () => output, exited, closed, stop };
}

/** Reads the one line that a server prints on descriptor 3 when it is ready. A server that prints none is stopped. */
export async function firstLine(server, what) {
  let text = "";
  let gone = false;
  server.pipes[0].on("data", (chunk) => {
    text += chunk;
  });
  server.exited.then(() => {
    gone = true;
  });
  try {
    await until(`${what} is ready`, () => text.includes("\n") || gone);
    if (gone) throw new Error(`${what} ended`);
  } catch (error) {
    await server.stop();
    throw new Error(`${error.message}\n${server.output()}`);
  }
  return text.slice(0, text.indexOf("\n")).trim();
}

/** The ids of the processes of this home that have this name. */
export function processesOf(home, name) {
  // The system keeps as much of it.
  const kept = name.slice(0, 15);
  return readdirSync("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .filter((pid) => {
      try {
        const comm = readFileSync(`/proc/${pid}/comm`, "utf8").trim();
        return comm === kept && readFileSync(`/proc/${pid}/environ`, "utf8").includes(`HOME=${home.directory}\0`);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function signalGroup(pid, signal) {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (error.code !== "ESRCH") throw error;
  }
}
