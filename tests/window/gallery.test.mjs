// Every view in every state, judged by the rules of axe in the web engine that draws the app: only there do colours
// and sizes count. The pages are those of ui/gallery.
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, preview } from "vite";
import { longTest } from "./stage.mjs";
import { until } from "./wait.mjs";

const UI = fileURLToPath(new URL("../../ui", import.meta.url));
const PICTURES = fileURLToPath(new URL("../../artifacts/gallery", import.meta.url));
const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
/** Pictures of everything take their time; nobody waits for them but who wants them. */
const WITH_PICTURES = Boolean(process.env.P2P_COMM_PICTURES);
const DEADLINE_MS = WITH_PICTURES ? 1_800_000 : 480_000;
/** Pages are judged side by side: one waits for the driver while the other draws. */
const BROWSERS = 2;

const WIDE = { width: 1000, height: 700 };
const SMALL = { width: 800, height: 600 };
const LARGE = { width: 1600, height: 1000 };
/** The largest of them and a frame have room. */
const SCREEN = "1680x1080x24";

/** Rules that another colour can break. */
const COLOURS = ["color-contrast"];
/** Rules that another layout can break: what is beside, below or behind what, what scrolls, and which parts are there. */
const LAYOUT = ["color-contrast", "scrollable-region-focusable", "region", "aria-hidden-focus", "page-has-heading-one"];

/**
 * What a page looks like, and the rules that this look can break: every rule once, then those of the difference. Little room
 * and large text come with high contrast: each is seen once, and no page more often than there are colours.
 */
const LOOKS = [
  { look: "light", theme: "light", contrast: "normal" },
  { look: "dark", theme: "dark", contrast: "normal", rules: COLOURS },
  { look: "high contrast, 800x600", theme: "light", contrast: "high", size: SMALL, rules: LAYOUT },
  {
    look: "high contrast, dark, text at 200 %",
    theme: "dark",
    contrast: "high",
    textPercent: 200,
    size: SMALL,
    rules: LAYOUT,
  },
];

/** What is kept as pictures, when pictures are wanted. */
const PICTURED = [
  { look: "small-light", theme: "light", size: SMALL },
  { look: "small-dark", theme: "dark", size: SMALL },
  { look: "large-light", theme: "light", size: LARGE },
  { look: "large-dark", theme: "dark", size: LARGE },
];

longTest(
  "every page of the gallery keeps the rules of accessibility in every look",
  async (stage) => {
    const gallery = await openGallery();
    try {
      const browsers = await Promise.all(
        Array.from({ length: BROWSERS }, (_, n) => stage.browse(`visitor-${n}`, SCREEN)),
      );
      const pages = await namesIn(browsers[0], gallery.address);
      assert.ok(pages.length > 0, "the gallery lists its pages");
      const waiting = [...pages];
      const broken = [];
      await Promise.all(
        browsers.map(async (browser) => {
          for (let page = waiting.shift(); page !== undefined; page = waiting.shift()) {
            broken.push(...(await judge(browser, gallery.address, page)));
          }
        }),
      );
      assert.equal(broken.length, 0, `${broken.length} violations on ${pages.length} pages:\n${broken.join("\n")}`);
    } finally {
      await gallery.close();
    }
  },
  DEADLINE_MS,
);

/** Builds the gallery and serves it on a free port of this computer. */
async function openGallery() {
  const outDir = mkdtempSync(join(tmpdir(), "p2p-comm-gallery-"));
  const options = { root: UI, configFile: join(UI, "vite.config.ts"), mode: "gallery", logLevel: "error" };
  await build({ ...options, build: { outDir } });
  copyFileSync(AXE, join(outDir, "axe.js"));
  const server = await preview({ ...options, build: { outDir }, preview: { host: "127.0.0.1", port: 0, open: false } });
  return {
    address: new URL("gallery.html", server.resolvedUrls.local[0]).href,
    async close() {
      await server.close();
      rmSync(outDir, { recursive: true, force: true });
    },
  };
}

async function namesIn({ driver }, address) {
  await driver.get(address);
  return until("the gallery lists its pages", () =>
    driver.executeScript(
      'return document.documentElement.dataset.gallery && [...document.querySelectorAll("li a")].map((a) => a.innerText)',
    ),
  );
}

/** Shows a page in every look. @returns a line for each element that breaks a rule */
async function judge(browser, address, page) {
  const { driver } = browser;
  await resize(browser, WIDE);
  await driver.get(`${address}?page=${encodeURIComponent(page)}&theme=light`);
  const state = () => driver.executeScript("return document.documentElement.dataset.gallery");
  const stands = await until(`${page} stands`, state);
  if (stands !== "ready") return [`${page}: the gallery could not show it`];
  await driver.executeAsyncScript(`(${prepare})(...arguments)`);
  const broken = [];
  for (const { look, size = WIDE, rules, ...appearance } of LOOKS) {
    await resize(browser, size);
    await driver.executeScript(`(${dress})(...arguments)`, appearance);
    const found = await driver.executeAsyncScript(`(${examine})(...arguments)`, rules ?? null);
    broken.push(...found.map(({ rule, element, why }) => `${page} (${look}): ${rule}: ${element}\n    ${why}`));
  }
  for (const { look, size, theme } of WITH_PICTURES ? PICTURED : []) {
    await resize(browser, size);
    await driver.executeScript(`(${dress})(...arguments)`, { theme, contrast: "normal" });
    await keepPicture(browser, `${page}-${look}`);
  }
  return broken;
}

/** Gives the page this much room, in pixels. */
async function resize(browser, size) {
  if (browser.size === size) return;
  const window = browser.driver.manage().window();
  const inside = () => browser.driver.executeScript("return [innerWidth, innerHeight]");
  // What the browser puts around the page is the same at every size.
  browser.frame ??= await (async () => {
    const [{ width, height }, [pageWidth, pageHeight]] = [await window.getRect(), await inside()];
    return { width: width - pageWidth, height: height - pageHeight };
  })();
  const { width, height } = browser.frame;
  await window.setRect({ width: size.width + width, height: size.height + height });
  await until(`the page is ${size.width} pixels wide and ${size.height} high`, async () => {
    const [pageWidth, pageHeight] = await inside();
    return pageWidth === size.width && pageHeight === size.height;
  });
  browser.size = size;
}

/** From the screen: the driver, asked for pictures of many pages, at some time gives none any more. */
async function keepPicture({ driver, home, size }, name) {
  await driver.executeAsyncScript(`(${settle})(...arguments)`);
  const { id } = await home.screen.window(/./);
  mkdirSync(PICTURES, { recursive: true });
  const page = ["-gravity", "south", "-crop", `${size.width}x${size.height}+0+0`, "+repage"];
  await home.screen.run("import", ["-silent", "-window", String(id), ...page, join(PICTURES, `${name}.png`)]);
}

/** In the page: waits until what changed is on the screen. */
async function settle(done) {
  for (let frame = 0; frame < 10; frame += 1) await new Promise(requestAnimationFrame);
  done();
}

/** In the page: colours change at once, and something is always drawn anew: frames come only where something is. */
function prepare(done) {
  const style = document.createElement("style");
  style.textContent = "*, ::before, ::after { transition: none !important }";
  const dot = document.createElement("i");
  dot.style.cssText = "position: fixed; width: 2px; height: 2px; opacity: 0.01";
  dot.setAttribute("aria-hidden", "true");
  document.body.append(dot);
  setInterval(() => {
    dot.style.background = dot.style.background ? "" : "red";
  }, 30);
  const axe = document.createElement("script");
  axe.onload = () => done();
  axe.src = "axe.js";
  document.head.append(style, axe);
}

/** In the page: puts a look on it, as state/appearance.ts does. */
function dress({ theme, contrast, textPercent = 100 }) {
  const root = document.documentElement;
  Object.assign(root.dataset, { theme, contrast });
  root.style.fontSize = `${textPercent}%`;
}

/** In the page: what breaks these rules, or any. */
async function examine(rules, done) {
  try {
    // Until what follows the size of the window has followed.
    for (let frame = 0; frame < 2; frame += 1) await new Promise(requestAnimationFrame);
    // An open menu stands for itself, as a dialog does.
    const regionMatcher = "dialog, [role=dialog], [role=alertdialog], [role=menu], svg";
    globalThis.axe.configure({ checks: [{ id: "region", options: { regionMatcher } }] });
    const { violations } = await globalThis.axe.run(document, {
      resultTypes: ["violations"],
      // Of style sheets only rules want to know that are off.
      preload: false,
      ...(rules && { runOnly: { type: "rule", values: rules } }),
    });
    const wide = document.documentElement.scrollWidth - innerWidth;
    done([
      ...violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => ({ rule: id, element: html.slice(0, 200), why: failureSummary })),
      ),
      ...(wide > 0 ? [{ rule: "reflow", element: "document", why: `${wide} pixels do not fit into the window` }] : []),
    ]);
  } catch (reason) {
    done([{ rule: "axe", element: "document", why: String(reason) }]);
  }
}
