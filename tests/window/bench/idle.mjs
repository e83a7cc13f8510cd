// What the app costs while nothing happens: hidden in the tray, two peers online.
import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { openApp } from "../app.mjs";
import { startDesktops } from "../desktop.mjs";
import { start } from "../process.mjs";
import { addPeer, connect, PASSWORD, peerIs } from "../steps.mjs";

const PORTS = { bob: 47_931, carol: 47_932 };
const SETTLE_MS = 5000;
const OBSERVED_MS = 30_000;
/** Of the kernel's clock in /proc, on every architecture that Linux supports. */
const TICKS_PER_S = 100;
const KIB = 1024;

export async function idle({ app, cli }) {
  const desktops = await startDesktops();
  let window;
  const peers = [];
  try {
    const tray = await desktops.tray();
    const home = await desktops.open("alice");
    window = await openApp({ binary: app, home });
    await connect(window, { name: "alice" });
    const env = { ...home.env, P2P_COMM_PASSWORD: PASSWORD };
    for (const [name, own] of Object.entries(PORTS)) {
      const listen = ["listen", "--name", name, "--port", String(own), "--accept-anyone"];
      peers.push(start(cli, listen, { env }));
      await addPeer(window, { label: name, port: own });
      await peerIs(window, name, "connected");
    }
    const title = /P2P Privacy/;
    await tray.icon("P2P Privacy Communications");
    await (await home.screen.window(title)).close();
    await home.screen.noWindow(title);
    await sleep(SETTLE_MS);
    const tree = processTree(childOf(window.driverProcess.pid, app));
    const before = ticks(tree);
    await sleep(OBSERVED_MS);
    const used = ticks(tree) - before;
    return {
      idle_cpu_percent: { value: ((used / TICKS_PER_S) * 100) / (OBSERVED_MS / 1000), n: 1 },
      app_rss_mib: { value: memory(tree, "Rss") / KIB, n: tree.length },
      app_pss_mib: { value: memory(tree, "Pss") / KIB, n: tree.length },
    };
  } finally {
    for (const peer of peers) await peer.stop();
    await window?.close();
    await desktops.stop();
  }
}

/** The process below `root` that runs this program. */
function childOf(root, program) {
  const pid = processTree(root).find((one) => realpathSync(`/proc/${one}/exe`) === realpathSync(program));
  if (pid === undefined) throw new Error(`${program} does not run`);
  return pid;
}

/** A process and all its descendants. */
function processTree(root) {
  const parents = new Map();
  for (const name of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
    try {
      parents.set(Number(name), Number(statFields(name)[1]));
    } catch {
      // It ended while we looked.
    }
  }
  const tree = [root];
  for (const pid of tree) tree.push(...[...parents].filter(([, parent]) => parent === pid).map(([child]) => child));
  return tree;
}

/** Processor time that they have used, in ticks. */
function ticks(tree) {
  return tree.reduce((sum, pid) => sum + Number(statFields(pid)[11]) + Number(statFields(pid)[12]), 0);
}

/** KiB. Rss counts what processes share once for each of them, Pss once in all. */
function memory(tree, kind) {
  const of = (pid) => Number(new RegExp(`^${kind}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${pid}/smaps_rollup`))[1]);
  return tree.reduce((sum, pid) => sum + of(pid), 0);
}

/** The fields of /proc/PID/stat from the state on, which is after the name. */
function statFields(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  return text.slice(text.lastIndexOf(")") + 2).split(" ");
}
