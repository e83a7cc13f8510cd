// Every view in every state, judged by the rules of axe in the web engine that draws the app: only there do colours
// and sizes count. The pages are those of ui/gallery.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, preview } from "vite";
import { windowTest } from "./stage.mjs";
import { until } from "./wait.mjs";

const UI = fileURLToPath(new URL("../../ui", import.meta.url));
const PICTURES = fileURLToPath(new URL("../../artifacts/gallery", import.meta.url));
const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const DEADLINE_MS = 300_000;
/** Pages are judged side by side: one waits for the driver while the other draws. */
const BROWSERS = 2;

/** What a page looks like, and the rules that this look can break: every rule once, then those of colour alone. */
const LOOKS = [
  { look: "light", theme: "light", contrast: "normal" },
  { look: "dark", theme: "dark", contrast: "normal", rules: ["color-contrast"] },
  { look: "high contrast", theme: "light", contrast: "high", rules: ["color-contrast"] },
  { look: "high contrast, dark", theme: "dark", contrast: "high", rules: ["color-contrast"] },
];

windowTest(
  "every page of the gallery keeps the rules of accessibility in every look",
  async (stage) => {
    const gallery = await openGallery();
    try {
      const browsers = await Promise.all(Array.from({ length: BROWSERS }, (_, n) => stage.browse(`visitor-${n}`)));
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
async function judge({ driver }, address, page) {
  await driver.get(`${address}?page=${encodeURIComponent(page)}&theme=light`);
  const state = () => driver.executeScript("return document.documentElement.dataset.gallery");
  const stands = await until(`${page} stands`, state);
  if (stands !== "ready") return [`${page}: the gallery could not show it`];
  await driver.executeScript(`${AXE}; (${prepare})();`);
  const broken = [];
  for (const { look, theme, contrast, rules } of LOOKS) {
    const found = await driver.executeAsyncScript(`(${examine})(...arguments)`, theme, contrast, rules ?? null);
    broken.push(...found.map(({ rule, element, why }) => `${page} (${look}): ${rule}: ${element}\n    ${why}`));
    if (process.env.P2P_COMM_PICTURES && contrast === "normal") await keepPicture(driver, `${page}-${look}`);
  }
  return broken;
}

async function keepPicture(driver, name) {
  mkdirSync(PICTURES, { recursive: true });
  writeFileSync(join(PICTURES, `${name}.png`), await driver.takeScreenshot(), "base64");
}

/** In the page: colours change at once, and something is always drawn anew, without which a picture never comes. */
function prepare() {
  const style = document.createElement("style");
  style.textContent = "*, ::before, ::after { transition: none !important }";
  document.head.append(style);
  const dot = document.createElement("i");
  dot.style.cssText = "position: fixed; width: 2px; height: 2px; opacity: 0.01";
  dot.setAttribute("aria-hidden", "true");
  document.body.append(dot);
  setInterval(() => {
    dot.style.background = dot.style.background ? "" : "red";
  }, 30);
}

/** In the page: puts a look on it, as state/appearance.ts does, and gives what breaks these rules, or any. */
async function examine(theme, contrast, rules, done) {
  Object.assign(document.documentElement.dataset, { theme, contrast });
  try {
    // An open menu stands for itself, as a dialog does.
    const regionMatcher = "dialog, [role=dialog], [role=alertdialog], [role=menu], svg";
    globalThis.axe.configure({ checks: [{ id: "region", options: { regionMatcher } }] });
    const { violations } = await globalThis.axe.run(document, {
      resultTypes: ["violations"],
      ...(rules && { runOnly: { type: "rule", values: rules } }),
    });
    done(
      violations.flatMap(({ id, nodes }) =>
        nodes.map(({ html, failureSummary }) => ({ rule: id, element: html.slice(0, 200), why: failureSummary })),
      ),
    );
  } catch (reason) {
    done([{ rule: "axe", element: "document", why: String(reason) }]);
  }
}
