// One real window, driven in its web view through the system's WebDriver for WebKitGTK.
import { createServer } from "node:net";
import { Builder, By, Capabilities } from "selenium-webdriver";
import { takePicture } from "./picture.mjs";
import { start } from "./process.mjs";
import { until, within } from "./wait.mjs";

/** A driver that lost its page answers nothing at all. */
const DRIVER_MS = 30_000;

/** With these arguments the app asks no router of the network that the tests happen to run in. */
export const AT_HOME = ["--no-port-mapping"];

/** Starts the app's `binary` on the desktop `home` and waits for its window. */
export function openApp({ binary, args = [], home }) {
  // These two make the app's web view accept being driven.
  const env = { ...home.env, TAURI_AUTOMATION: "true", TAURI_WEBVIEW_AUTOMATION: "true" };
  return drive({ browserName: "wry", "webkitgtk:browserOptions": { binary, args: [...AT_HOME, ...args] } }, home, env);
}

/** Opens a bare window of the engine that draws the app's pages: the driver's own choice, as it comes with the engine. */
export function openBrowser(home) {
  return drive({ browserName: "MiniBrowser" }, home, home.env);
}

async function drive(capabilities, home, env) {
  const port = await freePort();
  // One driver serves one session, so each window has its own.
  const driverProcess = start("WebKitWebDriver", [`--port=${port}`], { env });
  try {
    await until("the driver listens", () => answers(port));
    const opening = new Builder()
      .usingServer(`http://127.0.0.1:${port}/`)
      .withCapabilities(new Capabilities(capabilities))
      .build();
    const driver = await within(DRIVER_MS, "the window opens", opening);
    // Each step says for itself that it hangs: the end of the whole test would not say where.
    const execute = driver.execute.bind(driver);
    driver.execute = (step) => within(DRIVER_MS, `the driver is done with ${step.getName()}`, execute(step));
    return new App(driver, driverProcess, home);
  } catch (error) {
    await driverProcess.stop();
    throw new Error(`${capabilities.browserName} did not open: ${error.message}\n${driverProcess.output()}`);
  }
}

class App {
  constructor(driver, driverProcess, home) {
    this.driver = driver;
    this.driverProcess = driverProcess;
    this.home = home;
  }

  /** Everything on the page with this `data-testid` (and a further CSS selector on the same element). */
  all(testId, more = "") {
    return this.driver.findElements(By.css(`[data-testid="${testId}"]${more}`));
  }

  /** Waits until such an element is there and shown. */
  one(testId, more = "", deadlineMs) {
    return until(
      `${testId}${more} is shown`,
      async () => {
        for (const element of await this.all(testId, more)) {
          if (await element.isDisplayed()) return element;
        }
        return undefined;
      },
      deadlineMs,
    );
  }

  /** Waits until no such element is shown. */
  none(testId) {
    return until(`${testId} is gone`, async () => {
      const shown = await Promise.all((await this.all(testId)).map((element) => element.isDisplayed()));
      return !shown.includes(true);
    });
  }

  async click(testId, more) {
    await until(`${testId} can be clicked`, async () => {
      const element = await this.one(testId, more);
      if (!(await element.isEnabled())) return false;
      // The driver takes what lies half behind the edge of a part that scrolls for visible.
      await this.driver.executeScript("arguments[0].scrollIntoView({ block: 'nearest' })", element);
      await element.click();
      return true;
    });
  }

  /** Replaces what a field holds, at once, as one pastes: the page works less than for single keys. */
  async fill(testId, text) {
    const paste = (field, text) => {
      field.focus();
      field.select();
      document.execCommand("insertText", false, text);
    };
    await this.driver.executeScript(`(${paste})(...arguments)`, await this.one(testId), text);
  }

  async text(testId, more) {
    return (await this.one(testId, more)).getText();
  }

  /** Waits until an element's text matches, and returns the match. */
  shows(testId, pattern, deadlineMs) {
    return until(
      `${testId} shows ${pattern}`,
      async () => {
        for (const element of await this.all(testId)) {
          // As drawn; the driver's own getText takes a clamped line for hidden.
          const text = await this.driver.executeScript("return arguments[0].innerText", element);
          const match = pattern.exec(text);
          if (match) return match;
        }
        return undefined;
      },
      deadlineMs,
    );
  }

  /** Calls a command of the program from inside the page. Rejects as the command does. */
  async ask(command, args = {}) {
    const asking = this.driver.executeAsyncScript(
      `const done = arguments[arguments.length - 1];
      window.__TAURI_INTERNALS__.invoke(arguments[0], arguments[1]).then(
        (answer) => done({ answer }),
        (failure) => done({ failure }),
      );`,
      command,
      args,
    );
    const { answer, failure } = await within(DRIVER_MS, `the program answers ${command}`, asking);
    if (failure !== undefined) throw new Error(failure.message ?? failure);
    return answer;
  }

  /** Looks into that window of the program whose page shows this, until `work` is done. */
  async inWindow(testId, work) {
    const main = await this.driver.getWindowHandle();
    try {
      await until(`a window shows ${testId}`, async () => {
        for (const handle of await this.driver.getAllWindowHandles()) {
          await this.driver.switchTo().window(handle);
          if ((await this.all(testId)).length > 0) return true;
        }
        return false;
      });
      return await work();
    } finally {
      await this.driver.switchTo().window(main);
    }
  }

  /** Keeps a picture of the window as an artefact. */
  picture(name) {
    return takePicture(this.home, name);
  }

  /** What the app and its driver wrote to their standard streams. */
  output() {
    return this.driverProcess.output();
  }

  async close() {
    try {
      await within(DRIVER_MS, "the driver lets go of the window", this.driver.quit());
    } finally {
      await this.driverProcess.stop();
    }
  }
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

async function answers(port) {
  const response = await fetch(`http://127.0.0.1:${port}/status`);
  return response.ok;
}
