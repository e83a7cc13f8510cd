import { expect, test } from "vitest";
import { keysInWords, pressed } from "./accelerator";

const press = (code: string, held: KeyboardEventInit = {}) => pressed(new KeyboardEvent("keydown", { code, ...held }));

test.each<[string, KeyboardEventInit, string]>([
  ["KeyM", { ctrlKey: true, shiftKey: true }, "Control+Shift+KeyM"],
  ["Space", { metaKey: true, altKey: true }, "Alt+Super+Space"],
  ["F8", {}, "F8"],
  ["F8", { shiftKey: true }, "Shift+F8"],
  ["Pause", {}, "Pause"],
  ["Numpad0", { ctrlKey: true }, "Control+Numpad0"],
])("%s with %o is a shortcut", (code, held, keys) => {
  expect(press(code, held)).toEqual({ kind: "keys", keys });
});

test.each<[string, KeyboardEventInit]>([
  ["KeyM", {}],
  ["KeyM", { shiftKey: true }],
  ["Space", {}],
  ["Tab", { altKey: true }],
  ["Enter", { ctrlKey: true }],
  ["ArrowLeft", { ctrlKey: true }],
])("%s with %o is needed elsewhere", (code, held) => {
  expect(press(code, held)).toEqual({ kind: "taken" });
});

test("keys that go with another one are only a beginning", () => {
  expect(press("ShiftLeft", { ctrlKey: true, shiftKey: true })).toEqual({ kind: "begun", held: "Control+Shift" });
});

test("keys are told as they are written on them", () => {
  expect(keysInWords("Control+Alt+Shift+KeyM")).toBe("Ctrl + Alt + Shift + M");
  expect(keysInWords("F8")).toBe("F8");
});
