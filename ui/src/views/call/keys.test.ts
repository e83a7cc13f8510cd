import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { callUp, open, openOnline, row } from "../../test/window";

const state = () => screen.getByTestId("call-state");

test("the shortcuts call, mute, deafen and end", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.keyboard("{Control>}{Shift>}c{/Shift}{/Control}");
  await waitFor(() => expect(state()).toHaveTextContent("bob hears you"));
  await user.keyboard("{Control>}{Shift>}M{/Shift}{/Control}");
  await waitFor(() => expect(state()).toHaveTextContent("You are muted"));
  await user.keyboard("{Control>}{Shift>}m{/Shift}{/Control}");
  await waitFor(() => expect(state()).toHaveTextContent("bob hears you"));
  await user.keyboard("{Control>}{Shift>}d{/Shift}{/Control}");
  await waitFor(() => expect(state()).toHaveTextContent("You are deafened"));
  await user.keyboard("{Control>}{Shift>}e{/Shift}{/Control}");
  await waitFor(() => expect(screen.queryByTestId("call-bar")).toBeNull());
});

test("the shortcuts answer and reject a call", async () => {
  const { host, user } = await openOnline();
  const bob = Number(row("bob").dataset.peerId);
  host.calls.ring(bob);
  await screen.findByTestId("incoming-call");
  await user.keyboard("{Control>}{Shift>}e{/Shift}{/Control}");
  await waitFor(() => expect(screen.queryByTestId("incoming-call")).toBeNull());
  host.calls.ring(bob);
  await screen.findByTestId("incoming-call");
  await user.keyboard("{Control>}{Shift>}a{/Shift}{/Control}");
  await waitFor(() => expect(state()).toHaveTextContent("bob hears you"));
});

test("a layout without Latin letters has the shortcuts at the same place", async () => {
  const { user } = await openOnline();
  await callUp(user, "bob");
  await fireEvent.keyDown(window, { key: "ь", code: "KeyM", ctrlKey: true, shiftKey: true });
  await waitFor(() => expect(state()).toHaveTextContent("You are muted"));
});

test("a held shortcut acts once", async () => {
  const { host, user } = await openOnline();
  await callUp(user, "bob");
  const mute = vi.spyOn(host, "setMuted");
  const press = { key: "m", code: "KeyM", ctrlKey: true, shiftKey: true };
  await fireEvent.keyDown(window, press);
  await fireEvent.keyDown(window, { ...press, repeat: true });
  await waitFor(() => expect(state()).toHaveTextContent("You are muted"));
  expect(mute).toHaveBeenCalledExactlyOnceWith(true);
});

async function pushToTalk() {
  const { host, user } = await openOnline();
  await host.setAudioSettings({ ...(await host.audioSettings()), transmit: { kind: "pushToTalk", releaseMs: 200 } });
  await callUp(user, "bob");
  await screen.findByTestId("call-talk");
  return { host, user, pushed: vi.spyOn(host, "pushToTalk") };
}

test("the space bar is held to talk, and its repeats say nothing new", async () => {
  const { pushed } = await pushToTalk();
  const space = { key: " ", code: "Space" };
  await fireEvent.keyDown(document.body, space);
  await waitFor(() => expect(pushed).toHaveBeenLastCalledWith(true));
  await fireEvent.keyDown(document.body, { ...space, repeat: true });
  await fireEvent.keyUp(document.body, space);
  await waitFor(() => expect(pushed).toHaveBeenLastCalledWith(false));
  expect(pushed).toHaveBeenCalledTimes(2);
});

test("a button that was clicked does not take the space bar, one that was walked to does", async () => {
  const { host, pushed } = await pushToTalk();
  const muted = vi.spyOn(host, "setMuted");
  const mute = screen.getByTestId("call-mute");
  const space = { key: " ", code: "Space" };
  await fireEvent.pointerDown(mute);
  mute.focus();
  expect(await fireEvent.keyDown(mute, space)).toBe(false);
  expect(await fireEvent.keyUp(mute, space)).toBe(false);
  await waitFor(() => expect(pushed).toHaveBeenCalledTimes(2));
  await fireEvent.keyDown(mute, { key: "Tab", code: "Tab" });
  expect(await fireEvent.keyDown(mute, space)).toBe(true);
  expect(pushed).toHaveBeenCalledTimes(2);
  expect(muted).not.toHaveBeenCalled();
});

test("while one writes, the space bar writes", async () => {
  const { user, pushed } = await pushToTalk();
  await user.type(screen.getByTestId("composer"), "a b");
  expect(screen.getByTestId("composer")).toHaveValue("a b");
  expect(pushed).not.toHaveBeenCalled();
});

test("the key is let go when the window loses the focus", async () => {
  const { pushed } = await pushToTalk();
  await fireEvent.keyDown(document.body, { key: " ", code: "Space" });
  await waitFor(() => expect(pushed).toHaveBeenLastCalledWith(true));
  await fireEvent.blur(window);
  await waitFor(() => expect(pushed).toHaveBeenLastCalledWith(false));
});

test("the button in the bar can be held instead", async () => {
  const { pushed } = await pushToTalk();
  await fireEvent.pointerDown(screen.getByTestId("call-talk"));
  await waitFor(() => expect(screen.getByTestId("call-talk")).toHaveTextContent("You are heard"));
  await fireEvent.pointerUp(screen.getByTestId("call-talk"));
  await waitFor(() => expect(pushed.mock.calls).toEqual([[true], [false]]));
});

test("the space bar is a space bar outside of a call", async () => {
  const { host } = await openOnline();
  await host.setAudioSettings({ ...(await host.audioSettings()), transmit: { kind: "pushToTalk", releaseMs: 200 } });
  const pushed = vi.spyOn(host, "pushToTalk");
  const went = await fireEvent.keyDown(document.body, { key: " ", code: "Space" });
  expect(went).toBe(true);
  expect(pushed).not.toHaveBeenCalled();
});
