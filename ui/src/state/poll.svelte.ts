import { createSubscriber } from "svelte/reactivity";

/** Meters and what is measured of a call change this often. */
export const POLL_MS = 100;

/** Reads something ten times a second, and only while a view shows it in a window that is not hidden. */
export class Poll<T> {
  #value: T | null = null;
  #subscribe: () => void;

  constructor(read: () => Promise<T | null>) {
    this.#subscribe = createSubscriber((update) => {
      let reading = false;
      let over = false;
      const poll = async () => {
        // A slow answer must not pile up others behind it.
        if (reading || document.visibilityState === "hidden") return;
        reading = true;
        const value = await read().catch(() => null);
        reading = false;
        if (over) return;
        this.#value = value;
        update();
      };
      void poll();
      const ticking = setInterval(poll, POLL_MS);
      return () => {
        over = true;
        clearInterval(ticking);
        this.#value = null;
      };
    });
  }

  get now(): T | null {
    this.#subscribe();
    return this.#value;
  }
}
