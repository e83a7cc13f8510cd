import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/svelte";
import { afterEach } from "vitest";

// A failure names what is missing; the whole page beside it would hide that.
configure({ getElementError: (message) => new Error(message ?? "not found"), asyncUtilTimeout: 8000 });

afterEach(cleanup);

/** Height of the message area and of each of its rows, px: this DOM has no layout, and a virtual list needs one. */
const AREA = 600;
const ROW = 40;

window.ResizeObserver = class {
  #say: ResizeObserverCallback;
  constructor(say: ResizeObserverCallback) {
    this.#say = say;
  }
  observe(target: HTMLElement): void {
    const height = target.dataset.testid === "messages" ? AREA : ROW;
    const entry = { target, contentRect: { width: 800, height } } as unknown as ResizeObserverEntry;
    queueMicrotask(() => target.isConnected && this.#say([entry], this));
  }
  unobserve(): void {}
  disconnect(): void {}
};
Object.defineProperty(HTMLElement.prototype, "offsetParent", {
  get() {
    return this.parentElement;
  },
});
