// How soon a remembered person sees the list of friends.
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { openApp } from "../app.mjs";
import { startDesktops } from "../desktop.mjs";
import { PASSWORD } from "../steps.mjs";
import { until } from "../wait.mjs";
import { median } from "./figures.mjs";

const STARTS = 7;
const FRIENDS = 50;
/** Of the times in /proc: fixed for programs, whatever the kernel counts in. */
const TICKS_PER_S = 100;

/** From the start of the process until the list is drawn, opened by the keychain; the first start is not counted. */
export async function remembered({ app: binary }) {
  const desktops = await startDesktops();
  const times = [];
  try {
    await desktops.keychain();
    const home = await desktops.open("alice");
    const first = await openApp({ binary, home });
    await first.fill("connect-name", "alice");
    await first.fill("connect-password", PASSWORD);
    await first.click("remember");
    await first.click("connect-submit");
    await first.shows("status-bar", /UDP port \d+/);
    for (let n = 1; n <= FRIENDS; n += 1) {
      await first.ask("add_peer", { label: `friend ${n}`, addresses: [{ host: "127.0.0.1", port: 20_000 + n }] });
    }
    await first.close();
    for (let run = 0; run <= STARTS; run += 1) {
      const app = await openApp({ binary, home });
      const drawn = await until("the list is drawn", () =>
        app.driver.executeScript(
          "const [list] = performance.getEntriesByName('people'); return list && performance.timeOrigin + list.startTime",
        ),
      );
      if (run > 0) times.push(drawn - startOf(binary, home.env.P2P_COMM_DATA_DIR));
      await app.close();
    }
  } finally {
    await desktops.stop();
  }
  return { start_remembered_ms: { value: median(times), n: times.length } };
}

/** When the program that runs with this data directory was started, ms since 1970. */
function startOf(binary, data) {
  const program = realpathSync(binary);
  const runs = (pid) => {
    try {
      const env = readFileSync(`/proc/${pid}/environ`, "utf8");
      return readlinkSync(`/proc/${pid}/exe`) === program && env.includes(`P2P_COMM_DATA_DIR=${data}\0`);
    } catch {
      // It ended meanwhile, or is another user's.
      return false;
    }
  };
  const pid = readdirSync("/proc").find((name) => /^\d+$/.test(name) && existsSync(`/proc/${name}/exe`) && runs(name));
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const ticks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
  const booted = Number(/^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8"))[1]);
  // The kernel tells the time of its start in whole seconds only; its clock since then tells the rest.
  const uptime = Number(readFileSync("/proc/uptime", "utf8").split(" ")[0]);
  const exactly = Date.now() / 1000 - uptime;
  const boot = Math.abs(exactly - booted) < 2 ? exactly : booted;
  return (boot + ticks / TICKS_PER_S) * 1000;
}
