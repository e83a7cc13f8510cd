/** Where a key leads from row to row, or null if it leads nowhere. `focused`: where one was. */
export function walk(
  key: string,
  focused: number | null,
  inView: { from: number; to: number },
  count: number,
): number | null {
  if (count === 0) return null;
  const here = focused !== null && focused >= inView.from && focused <= inView.to ? focused : null;
  const page = Math.max(1, inView.to - inView.from - 1);
  switch (key) {
    case "ArrowUp":
      return Math.max(0, here === null ? inView.to : here - 1);
    case "ArrowDown":
      return Math.min(count - 1, here === null ? inView.from : here + 1);
    case "PageUp":
      return Math.max(0, (here ?? inView.from) - page);
    case "PageDown":
      return Math.min(count - 1, (here ?? inView.to) + page);
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}
