import { hasFiles } from "./files";
import { isWriting } from "./keys";

/** Keys by which a browser would load the page again or leave it. */
const RELOADS = (event: KeyboardEvent) =>
  event.key === "F5" || ((event.ctrlKey || event.metaKey) && !event.altKey && event.key.toLowerCase() === "r");
const LEAVES = (event: KeyboardEvent) =>
  /^Browser(Back|Forward|Refresh)$/.test(event.key) || (event.altKey && /^Arrow(Left|Right)$/.test(event.key));

/** A window is no browser: nothing loads the page again, leaves it, or offers to. The host does the same below the page. */
export function guardPage(): void {
  addEventListener("keydown", (event) => (RELOADS(event) || LEAVES(event)) && event.preventDefault());
  // The buttons at the side of a mouse.
  for (const kind of ["mousedown", "mouseup"] as const) {
    addEventListener(kind, (event) => event.button > 2 && event.preventDefault());
  }
  // In a field the menu of the system corrects and pastes.
  addEventListener("contextmenu", (event) => !isWriting(event.target) && event.preventDefault());
  for (const kind of ["dragover", "drop"] as const) {
    addEventListener(kind, (event) => {
      if (hasFiles(event.dataTransfer) || !isWriting(event.target)) event.preventDefault();
    });
  }
}
