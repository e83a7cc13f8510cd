// Waiting for a condition, never for a time.
import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 50;

/**
 * Polls `condition` until it gives a truthy value and returns that. A condition that throws counts as not yet true.
 * Past the deadline it throws with `what` and the last reason.
 */
export async function until(what, condition, deadlineMs = 15000, pollMs = POLL_MS) {
  const end = Date.now() + deadlineMs;
  let last;
  for (;;) {
    try {
      const value = await condition();
      if (value) return value;
      last = `last value: ${JSON.stringify(value)}`;
    } catch (error) {
      last = error.message;
    }
    if (Date.now() > end) throw new Error(`not within ${deadlineMs} ms: ${what} (${last})`);
    await sleep(pollMs);
  }
}
