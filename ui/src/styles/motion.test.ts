import { expect, test } from "vitest";

const sources = import.meta.glob<string>("../**/*.{css,svelte}", { query: "?raw", import: "default", eager: true });

test("what moves without end moves in steps, since each change draws the window anew", () => {
  const endless = Object.entries(sources).flatMap(([file, text]) =>
    [...text.matchAll(/animation:[^;]*\binfinite\b[^;]*/g)].map(([rule]) => `${file}: ${rule}`),
  );
  expect(endless.length).toBeGreaterThan(0);
  expect(endless.filter((rule) => !/steps\(\d+\)/.test(rule))).toEqual([]);
});

test("no rule looks for what is inside, since each new message would be asked", () => {
  const looking = Object.entries(sources).filter(([, text]) => text.includes(":has("));
  expect(looking.map(([file]) => file)).toEqual([]);
});
