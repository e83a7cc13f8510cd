import { tick } from "svelte";

/**
 * To be called when something is about to be taken off the page. If it has the focus, the focus goes to the first of these
 * `places` that can take it: from nowhere, the keyboard would start again at the top.
 */
export async function keepFocus(places: string[]): Promise<void> {
  const before = document.activeElement;
  if (before === null || before === document.body) return;
  await tick();
  // What floats above the page leaves a frame later.
  if (isHeld()) await new Promise(requestAnimationFrame);
  if (isHeld()) return;
  for (const place of places.flatMap((place) => [...document.querySelectorAll<HTMLElement>(place)])) {
    place.focus();
    if (document.activeElement === place) return;
  }
}

/** Whether something has the focus that can do something with it. */
function isHeld(): boolean {
  const { activeElement } = document;
  return activeElement !== null && activeElement !== document.body && !activeElement.matches(":disabled");
}
