// Waiting for a condition, never for a time.
import { setTimeout as sleep } from "node:timers/promises";

/** A condition that takes longer is asked more and more seldom: asking costs work that others wait for. */
const PAUSE_MS = { first: 25, most: 200, growth: 1.3 };
/** So long a condition that was asked just before the deadline may take. */
const GRACE_MS = 5000;

/**
 * Polls `condition` until it gives a truthy value and returns that. A condition that throws counts as not yet true.
 * Past the deadline it throws with `what` and the last reason, also while a condition still waits for something.
 * `pollMs`: the pause between two looks, where a time is measured.
 */
export async function until(what, condition, deadlineMs = 15000, pollMs = undefined) {
  const end = Date.now() + deadlineMs;
  let last;
  let pause = pollMs ?? PAUSE_MS.first;
  for (;;) {
    try {
      const value = await within(Math.max(0, end - Date.now()) + GRACE_MS, what, condition());
      if (value) return value;
      last = `last value: ${JSON.stringify(value)}`;
    } catch (error) {
      last = error.message;
    }
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what} (${last})`);
    await sleep(Math.min(pause, Math.max(0, end - Date.now())));
    pause = pollMs ?? Math.min(pause * PAUSE_MS.growth, PAUSE_MS.most);
  }
}

/** What `promise` gives, or an error that names it when that takes longer. */
export async function within(deadlineMs, what, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms: ${what}`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
