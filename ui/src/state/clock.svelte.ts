import { createSubscriber } from "svelte/reactivity";

/** The time of day as something a view can depend on. It ticks each second, and only while somebody looks. */
class Clock {
  #subscribe = createSubscriber((update) => {
    const ticking = setInterval(update, 1000);
    return () => clearInterval(ticking);
  });

  get now(): number {
    this.#subscribe();
    return Date.now();
  }
}

export const clock = new Clock();
