/** Where the reader is, to come back to after lines came or went. */
export interface Place {
  restore(): void;
}

/** Notes which line is at the top of the view and how far from the edge. */
export function keepPlace(scroller: HTMLElement): Place | null {
  const edge = scroller.getBoundingClientRect().top;
  for (const line of scroller.querySelectorAll<HTMLElement>("[data-seq]")) {
    const { top, bottom } = line.getBoundingClientRect();
    if (bottom <= edge) continue;
    const selector = `[data-seq="${line.dataset.seq}"]`;
    return {
      restore() {
        const again = scroller.querySelector(selector);
        if (again) scroller.scrollTop += again.getBoundingClientRect().top - top;
      },
    };
  }
  return null;
}
