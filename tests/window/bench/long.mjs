// A conversation of 100 000 messages: how soon it is open, and what scrolling in it costs. They come from another
// program over the real protocol, so they lie where every message lies.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../app.mjs";
import { startDesktops } from "../desktop.mjs";
import { start } from "../process.mjs";
import { addPeer, connect, PASSWORD, peerIs } from "../steps.mjs";
import { until } from "../wait.mjs";
import { median, percentile } from "./figures.mjs";

const MESSAGES = 100_000;
const BOBS_PORT = 47_931;
const SENDING_MS = 120_000;
const OPENINGS = 7;
const SPEED_PX_S = 5000;
const SCROLL_S = 6;
const LATE_MS = 33;

export async function opening({ app, cli }) {
  const directory = mkdtempSync(join(tmpdir(), "p2p-comm-bench-"));
  const desktops = await startDesktops();
  let window;
  try {
    const home = await desktops.open("alice");
    window = await openApp({ binary: app, home });
    await receive(window, { cli, home, texts: texts(join(directory, "texts")) });
    const times = await openings(window);
    const { work, frames, rows } = await window.driver.executeAsyncScript(scroll, SPEED_PX_S, SCROLL_S);
    return {
      open_100k_ms: { value: median(times), n: times.length },
      scroll_work_p95_ms: { value: percentile(work, 95), n: work.length },
      scroll_over_33ms_percent: {
        value: (100 * frames.filter((ms) => ms > LATE_MS).length) / frames.length,
        n: frames.length,
      },
      rows_in_page: { value: rows, n: 1 },
    };
  } finally {
    await window?.close();
    await desktops.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A file with one message a line: from a word to a few lines, now and then with a link. */
function texts(file) {
  const words = "the quick brown fox jumps over a lazy dog while everybody else looks for something to read".split(" ");
  const lines = Array.from({ length: MESSAGES }, (_, n) => {
    const length = 1 + ((n * 7919) % 37);
    const text = Array.from({ length }, (_, at) => words[(n * 31 + at * 17) % words.length]).join(" ");
    return n % 50 === 0 ? `${n} ${text} https://example.org/${n}` : `${n} ${text}`;
  });
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

/** Bob sends them all; nobody looks at the conversation meanwhile. */
async function receive(window, { cli, home, texts }) {
  const port = await connect(window, { name: "alice" });
  await addPeer(window, { label: "bob", port: BOBS_PORT });
  await window.click("conversation-close").catch(() => {});
  await window.driver.executeScript("document.activeElement?.blur()");
  const send = `exec "$0" send --name bob --port ${BOBS_PORT} --peer 127.0.0.1:${port} --timeout 60 - < "$1"`;
  const bob = start("sh", ["-c", send, cli, texts], { env: { ...home.env, P2P_COMM_PASSWORD: PASSWORD } });
  await peerIs(window, "bob", "connected");
  let code;
  bob.exited.then((status) => {
    code = status;
  });
  await until("bob has sent everything", () => code !== undefined, SENDING_MS);
  if (code !== 0) throw new Error(`bob could not send: ${bob.output()}`);
}

/** Opens bob's conversation again and again, with Echo's in between. */
async function openings(window) {
  await window.driver.manage().setTimeouts({ script: 60_000 });
  await startEcho(window);
  const times = [];
  for (let n = 0; n <= OPENINGS; n++) {
    const ms = await window.driver.executeAsyncScript(openAndDraw, "bob", true);
    if (n > 0) times.push(ms);
    await window.driver.executeAsyncScript(openAndDraw, "Echo", false);
  }
  await window.driver.executeAsyncScript(openAndDraw, "bob", true);
  return times;
}

async function startEcho(window) {
  await window.click("menu-me");
  await window.click("menu-echo");
  await peerIs(window, "Echo", "connected");
}

/** In the page: clicks somebody's row, and tells after how many ms the conversation is drawn. */
function openAndDraw(label, filled, done) {
  const row = [...document.querySelectorAll('[data-testid="peer-row"]')].find((one) => one.innerText.includes(label));
  const began = performance.now();
  row.click();
  const look = () => {
    const log = document.querySelector(`[data-testid="messages"][aria-label*="${label}"]`);
    const drawn = log && (!filled || log.querySelectorAll('[data-testid="message"]').length > 5);
    if (!drawn) return requestAnimationFrame(look);
    // The frame that has it, and the one after: then it is on the screen.
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
  };
  requestAnimationFrame(look);
}

/**
 * In the page: scrolls up from the end at an even speed. Gives for each frame the work of the main thread (from the
 * first handler of the frame until style, layout and paint are done) and the time since the frame before, in ms.
 */
function scroll(speed, seconds, done) {
  const log = document.querySelector('[data-testid="messages"]');
  const scroller = [log, ...log.querySelectorAll("*")].find((one) => one.scrollHeight > one.clientHeight + 100) ?? log;
  const work = [];
  const frames = [];
  /** When the frame began that is not painted yet, and whether its own handler was there. */
  let frameBegan = null;
  let handled = false;
  let last = null;
  let began = null;
  let rows = 0;
  const begins = () => {
    // Nothing of a frame is done once the next one has begun, even if its message is still on its way.
    if (handled) ends();
    frameBegan ??= performance.now();
  };
  const ends = () => {
    work.push(performance.now() - frameBegan);
    frameBegan = null;
    handled = false;
  };
  // To itself: what goes through a MessageChannel takes the way over another process of the engine.
  const painted = ({ data }) => {
    if (data === last && handled) ends();
  };
  addEventListener("scroll", begins, { capture: true, passive: true });
  addEventListener("message", painted);
  const frame = (now) => {
    begins();
    handled = true;
    began ??= now;
    if (last !== null) frames.push(now - last);
    last = now;
    if (now - began > seconds * 1000) {
      removeEventListener("scroll", begins, { capture: true });
      removeEventListener("message", painted);
      return done({ work, frames, rows });
    }
    if (frames.length > 0) scroller.scrollTop -= (speed * frames.at(-1)) / 1000;
    rows = Math.max(rows, log.querySelectorAll('[data-testid="message"]').length);
    postMessage(now, "*");
    requestAnimationFrame(frame);
  };
  scroller.scrollTop = scroller.scrollHeight;
  requestAnimationFrame(() => requestAnimationFrame(frame));
}
