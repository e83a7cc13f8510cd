// What the benchmarks of the window share.

export function median(values) {
  return percentile(values, 50);
}

/** The smallest value that is not exceeded by `percent` of all. */
export function percentile(values, percent) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((sorted.length * percent) / 100) - 1)];
}
