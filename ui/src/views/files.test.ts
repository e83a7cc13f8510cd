import { createEvent, fireEvent, render, screen } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { MockHost } from "../host/mock";
import { open, openOnline, openSettings, openWindow } from "../test/window";
import Popup from "./popup/Popup.svelte";

const REFUSED = "Files cannot be sent yet; only text and links can. Nothing was sent.";
const WAYS = ["drop", "paste"] as const;

/** Puts a file there. Whether the page keeps it from going anywhere. */
async function put(way: (typeof WAYS)[number], target: Element): Promise<boolean> {
  const event = createEvent[way](target);
  const data = { types: ["Files"], files: [] };
  Object.assign(event, way === "drop" ? { dataTransfer: data } : { clipboardData: data });
  return !(await fireEvent(target, event));
}

test.each(WAYS)("files are refused in words on the first screen: %s", async (way) => {
  openWindow();
  const name = await screen.findByTestId("connect-name");
  for (const target of [name, document.body]) expect(await put(way, target)).toBe(true);
  expect(screen.getByTestId("toast")).toHaveTextContent(REFUSED);
});

test.each(WAYS)("files are refused in words in a conversation, in its text and in the settings: %s", async (way) => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  for (const place of ["messages", "composer"]) {
    expect(await put(way, screen.getByTestId(place))).toBe(true);
    expect(await screen.findByTestId("toast")).toHaveTextContent(REFUSED);
    await user.click(screen.getByRole("button", { name: /dismiss|close/i }));
  }
  await openSettings(user, "network");
  expect(await put(way, screen.getByTestId("network-port"))).toBe(true);
  expect(await screen.findByTestId("toast")).toHaveTextContent(REFUSED);
  expect(host.view.peer).not.toBeNull();
});

test("files are refused in words in the popup", async () => {
  const host = new MockHost({ pace: 0 });
  host.goOnline("alice", 47800);
  render(Popup, { host });
  host.calls.ring((await host.peers())[0]?.id ?? 0);
  expect(await put("drop", await screen.findByTestId("popup"))).toBe(true);
  expect(await screen.findByTestId("popup-error")).toHaveTextContent(REFUSED);
});
