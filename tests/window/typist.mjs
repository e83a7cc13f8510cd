// The hands of somebody who only has a keyboard.
import assert from "node:assert/strict";
import { until } from "./wait.mjs";

/** More stops than any page has: who has not come there by then never will. */
const STOPS = 60;

export class Typist {
  constructor(name, window, screen) {
    this.name = name;
    this.window = window;
    this.screen = screen;
  }

  type(text) {
    return this.screen.type(text);
  }

  press(...keys) {
    return this.screen.keys(...keys);
  }

  /** Waits until this has the focus. */
  at(testId) {
    return until(`${this.name} is at ${testId}`, async () => (await this.#focus()) === testId);
  }

  /** Walks there, wherever the focus is now. */
  async tabTo(testId) {
    await this.window.one(testId);
    // A key that comes earlier is lost.
    await until("the page has the keys", () => this.#script("return document.hasFocus()"));
    const seen = [await this.#focus()];
    while (seen.at(-1) !== testId) {
      if (seen.length > STOPS) assert.fail(`Tab does not lead ${this.name} to ${testId}: ${seen.join(", ")}`);
      await this.#script("window.tabbedFrom = document.activeElement");
      await this.press("Tab");
      // On a busy computer the page hears of the key a little later.
      await until("the focus goes on", () => this.#script("return document.activeElement !== window.tabbedFrom"));
      seen.push(await this.#focus());
    }
  }

  /** Walks there and presses it. */
  async choose(testId) {
    await this.tabTo(testId);
    await this.press("Return");
  }

  /** Waits until a field holds this. */
  holds(testId, text) {
    return until(
      `${testId} holds ${text}`,
      async () => (await (await this.window.one(testId)).getAttribute("value")) === text,
    );
  }

  /** What has the focus. */
  #focus() {
    return this.#script(
      'const at = document.activeElement; return at.dataset.testid ?? at.getAttribute("aria-label") ?? at.localName',
    );
  }

  #script(text) {
    return this.window.driver.executeScript(text);
  }
}
