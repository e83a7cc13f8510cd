/** Width of the window in rem from which list and conversation stand side by side; `@container window` in the styles says the same. */
const WIDE = 50;

/** Whether list and conversation stand side by side. */
export function isWide(): boolean {
  return innerWidth > WIDE * Number.parseFloat(getComputedStyle(document.documentElement).fontSize || "16");
}
