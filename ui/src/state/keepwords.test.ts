import { expect, test } from "vitest";
import { beginningWords, isShorter, timer, vanishingWords } from "./keepwords";

test.each([
  [300, "5 minutes"],
  [3600, "1 hour"],
  [86_400, "1 day"],
  [604_800, "1 week"],
  [1_209_600, "2 weeks"],
  [90, "90 seconds"],
])("a timer of %i s is told as %s", (seconds, told) => {
  expect(timer(seconds)).toBe(told);
});

test("only a shorter time deletes", () => {
  expect(isShorter("day", "week")).toBe(true);
  expect(isShorter("off", "day")).toBe(true);
  expect(isShorter("forever", "month")).toBe(false);
  expect(isShorter("week", "week")).toBe(false);
});

test("a line says who set the timer", () => {
  expect(vanishingWords("me", 3600, "bob")).toMatch(/^You set messages to disappear 1 hour after/);
  expect(vanishingWords("them", null, "bob")).toMatch(/^bob turned disappearing messages off/);
});

test("a conversation that does not begin at its beginning says why", () => {
  expect(beginningWords(false, "off")).toMatch(/to save memory/);
  expect(beginningWords(true, "off")).toMatch(/were not kept/);
  expect(beginningWords(true, "week")).toMatch(/no longer kept/);
});
