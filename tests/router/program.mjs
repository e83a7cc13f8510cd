// A program of this project that runs beside a test.
import { createInterface } from "node:readline";

/** A program whose lines are waited for, each as long as `deadlineMs`. */
export class Program {
  #lines = [];
  #waiting = new Set();
  #child;
  #deadlineMs;
  /** Its exit code. */
  ended;

  constructor(child, deadlineMs = 10_000) {
    this.#child = child;
    this.#deadlineMs = deadlineMs;
    this.ended = new Promise((resolve) => child.on("close", resolve));
    for (const stream of [child.stdout, child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.#lines.push(line);
        for (const look of this.#waiting) look();
      });
    }
  }

  /** The first line that `wanted` finds something in. */
  line(what, wanted) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(new Error(`${what}: not within ${this.#deadlineMs} ms\n${this.#lines.join("\n")}`));
      }, this.#deadlineMs);
      const look = () => {
        const found = this.#lines.map(wanted).find(Boolean);
        if (!found) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve(found);
      };
      this.#waiting.add(look);
      look();
    });
  }

  /** The first event of this kind that fits. */
  event(kind, fits = () => true) {
    return this.line(`event ${kind}`, (line) => {
      if (!line.startsWith("{")) return undefined;
      const event = JSON.parse(line);
      return event.event === kind && fits(event) ? event : undefined;
    });
  }

  /** Asks it to end, as Ctrl-C does, and waits. */
  end() {
    if (this.#child.exitCode === null && this.#child.signalCode === null) this.#child.kill("SIGINT");
    return this.ended;
  }
}
