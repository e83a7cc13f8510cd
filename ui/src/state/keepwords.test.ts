import { expect, test } from "vitest";
import { beginningWords, importedWords, isShorter, timer, vanishingWords } from "./keepwords";

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

test("what is imported says whose it was, what was left out, and what will not last", () => {
  const import_ = { lines: 2, tooOld: 0, kept: true, from: "bob" };
  expect(importedWords(import_, "bob")).toBe("Added 2 lines.");
  expect(importedWords({ ...import_, from: "dora" }, "bob")).toMatch(/ a conversation with dora\.$/);
  expect(importedWords({ ...import_, lines: 0, tooOld: 3, kept: false }, "bob")).toMatch(
    /no line\. 3 lines left out.*here\.$/,
  );
  expect(importedWords({ ...import_, kept: false }, "bob")).toMatch(/gone when you quit/);
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
