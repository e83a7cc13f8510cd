import { expect, test } from "vitest";
import { strengthOf } from "./strength";

test.each([
  ["password", 0],
  ["Passw0rd", 0],
  ["qwertyuiop", 0],
  ["sunshine", 0],
  ["butterfly", 1],
  ["alexander1", 1],
  ["monday tuesday", 1],
])("%s is on a list, so it is easy to guess", async (password, most) => {
  expect(await strengthOf(password)).toBeLessThanOrEqual(most);
});

test.each(["hippopotamus", "chrysanthemum", "Donaudampfer", "hippopotamus1!"])(
  "%s is one word, so it is never called hard",
  async (password) => {
    expect(await strengthOf(password)).toBeLessThanOrEqual(2);
  },
);

test.each(["glacier timber mosaic harbor", "kV9#qLw2xTz7Rb", "ein Wort und noch siebzehn mehr"])(
  "%s is very hard",
  async (password) => {
    expect(await strengthOf(password)).toBe(4);
  },
);
