import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { MockHost } from "../host/mock";
import { walk } from "../views/messages/walk";
import { followAppearance } from "./appearance";
import { Drafts } from "./drafts.svelte";
import { carriesFiles } from "./files";
import { guardPage } from "./guard";
import { Search } from "./search.svelte";
import { ariaShortcut, deedOf, keysOf, SHORTCUTS, shortcut } from "./shortcuts";

let host: MockHost;

beforeEach(() => {
  host = new MockHost({ pace: 0 });
  host.goOnline("alice", 47800);
});
afterEach(() => vi.useRealTimers());

test("the appearance is what was chosen, and follows every change", async () => {
  await followAppearance(host);
  const root = document.documentElement;
  expect(root.dataset).toMatchObject({ theme: "light", contrast: "normal" });
  const settings = await host.settings();
  await host.setSettings({ ...settings, appearance: { theme: "dark", contrast: "high", textPercent: 150 } });
  await vi.waitFor(() => expect(root.dataset).toMatchObject({ theme: "dark", contrast: "high" }));
  expect(root.style.fontSize).toBe("150%");
});

test("a draft is handed over once one pauses, and at once when one leaves", async () => {
  vi.useFakeTimers();
  const kept = vi.spyOn(host, "setDraft");
  const drafts = new Drafts(host);
  drafts.set(1, "h");
  drafts.set(1, "hi");
  expect(kept).not.toHaveBeenCalled();
  vi.runAllTimers();
  expect(kept).toHaveBeenCalledExactlyOnceWith(1, "hi");
  drafts.set(1, "hi there");
  drafts.flush();
  expect(kept).toHaveBeenLastCalledWith(1, "hi there");
});

test("a draft that the host kept does not overwrite what was written meanwhile", async () => {
  await host.setDraft(1, "old");
  const drafts = new Drafts(host);
  const reading = drafts.load(1);
  drafts.set(1, "new");
  await reading;
  expect(drafts.get(1)).toBe("new");
});

test("only the newest search counts, however the answers come", async () => {
  vi.useFakeTimers();
  const search = new Search(host);
  search.type("agenda", () => {});
  expect(search.settled).toBe(false);
  await vi.runAllTimersAsync();
  expect(search.hits.map(({ excerpt }) => excerpt)).toContain("The agenda. I put it here:");
  search.type("agenda x", () => {});
  search.type("  ", () => {});
  await vi.runAllTimersAsync();
  expect(search).toMatchObject({ hits: [], settled: true });
});

test("a search that fails says why", async () => {
  vi.useFakeTimers();
  vi.spyOn(host, "search").mockRejectedValue({ code: "internal", message: "" });
  const failed = vi.fn();
  new Search(host).type("agenda", failed);
  await vi.runAllTimersAsync();
  expect(failed).toHaveBeenCalledWith({ code: "internal", message: "" });
});

test("no two shortcuts of the window have the same keys", () => {
  const all = SHORTCUTS.flatMap(({ list }) => list).filter(({ deed }) => deed);
  expect(new Set(all.map((one) => keysOf(one).join("+"))).size).toBe(all.length);
  expect([shortcut("mute"), ariaShortcut("mute"), shortcut("next")]).toEqual([
    "Ctrl+Shift+M",
    "Control+Shift+M",
    "Alt+↓",
  ]);
});

test.each([
  [{ key: "k", ctrlKey: true }, "people"],
  [{ key: "л", code: "KeyK", ctrlKey: true }, "people"],
  [{ key: "K", ctrlKey: true, shiftKey: true }, null],
  [{ key: "?", shiftKey: true }, "help"],
  [{ key: "ArrowDown", altKey: true }, "next"],
  [{ key: "ArrowDown" }, null],
  [{ key: "F6", shiftKey: true }, "back"],
  [{ key: "m", ctrlKey: true, shiftKey: true }, "mute"],
])("%j asks for %s", (press, deed) => {
  expect(deedOf(new KeyboardEvent("keydown", press))).toBe(deed);
});

test("the keys walk within the rows, from what is in view", () => {
  const inView = { from: 10, to: 20 };
  expect(walk("ArrowUp", null, inView, 100)).toBe(20);
  expect(walk("ArrowUp", 15, inView, 100)).toBe(14);
  expect(walk("ArrowDown", 99, { from: 90, to: 99 }, 100)).toBe(99);
  expect(walk("ArrowDown", 50, inView, 100)).toBe(10);
  expect([walk("Home", 15, inView, 100), walk("End", 15, inView, 100)]).toEqual([0, 99]);
  expect([walk("PageUp", 15, inView, 100), walk("PageDown", 15, inView, 100)]).toEqual([6, 24]);
  expect([walk("x", 15, inView, 100), walk("End", null, inView, 0)]).toEqual([null, null]);
});

test("the page is neither loaded again nor left, and takes no drop", () => {
  guardPage();
  const prevented = (event: Event, target: EventTarget = document.body) => !target.dispatchEvent(event);
  const key = (init: KeyboardEventInit) => new KeyboardEvent("keydown", { cancelable: true, bubbles: true, ...init });
  expect(prevented(key({ key: "F5" }))).toBe(true);
  expect(prevented(key({ key: "r", ctrlKey: true }))).toBe(true);
  expect(prevented(key({ key: "ArrowLeft", altKey: true }))).toBe(true);
  expect(prevented(key({ key: "r" }))).toBe(false);
  const field = document.body.appendChild(document.createElement("textarea"));
  const menu = () => new MouseEvent("contextmenu", { cancelable: true, bubbles: true });
  expect([prevented(menu()), prevented(menu(), field)]).toEqual([true, false]);
  const drop = (types: string[]) =>
    Object.assign(new Event("drop", { cancelable: true, bubbles: true }), { dataTransfer: { types } });
  expect([prevented(drop(["text/uri-list"])), prevented(drop(["Files"]), field)]).toEqual([true, true]);
  expect(prevented(drop(["text/plain"]), field)).toBe(false);
  field.remove();
});

test("a text that brings its picture along is a text", () => {
  const data = (...types: string[]) => ({ types }) as unknown as DataTransfer;
  expect([carriesFiles(data("Files")), carriesFiles(data("text/plain", "Files")), carriesFiles(null)]).toEqual([
    true,
    false,
    false,
  ]);
});
