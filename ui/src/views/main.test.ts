import { cleanup, fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { tick } from "svelte";
import { expect, test, vi } from "vitest";
import { MockHost } from "../host/mock";
import Root from "../Root.svelte";
import { TOAST_MS } from "../state/toasts.svelte";
import { open, openOnline, row } from "../test/window";

test("an empty list offers a friend and Echo, and Echo answers", async () => {
  const { user } = await openOnline("empty");
  await user.click(screen.getByTestId("echo-start"));
  await waitFor(() => expect(screen.getByTestId("conversation-state")).toHaveTextContent("Online"));
  await user.type(screen.getByTestId("composer"), "hello{Enter}");
  await waitFor(() =>
    expect(screen.getAllByTestId("message").map((one) => one.dataset.sender)).toEqual(["me", "them"]),
  );
});

test("requests show name and address and can be answered", async () => {
  const { user } = await openOnline();
  expect(screen.getByText(/Anybody can choose any name/)).toBeVisible();
  const rows = screen.getAllByTestId("request-row");
  expect(rows[1]).toHaveTextContent("[2001:db8::bad]:47813");
  await user.click(screen.getAllByTestId("request-block")[1] as HTMLElement);
  await waitFor(() => expect(screen.getAllByTestId("request-row").length).toBe(1));
  await user.click(screen.getByTestId("request-accept"));
  await waitFor(() => expect(row("oscar")).toHaveAttribute("aria-current", "true"));
  expect(screen.queryByTestId("request-row")).toBeNull();
});

test("search finds people first, then messages, and says when there is neither", async () => {
  const { user } = await openOnline();
  await user.type(screen.getByTestId("search"), "CAROL");
  expect(screen.getAllByTestId("peer-row").length).toBe(1);
  expect(await screen.findByTestId("search-hit")).toHaveTextContent("You: Hello carol, it is me.");
  await user.type(screen.getByTestId("search"), "x");
  expect(await screen.findByTestId("search-none")).toHaveTextContent("Nobody and no message matches “CAROLx”");
  await user.keyboard("{Escape}");
  expect(screen.getAllByTestId("peer-row").length).toBeGreaterThan(5);
});

test("a message that was found is shown in its place", async () => {
  const { user } = await openOnline();
  await user.type(screen.getByTestId("search"), "agenda put");
  await user.click(await screen.findByTestId("search-hit"));
  const message = () => screen.getAllByTestId("message").find((one) => one.textContent?.includes("I put it here"));
  await waitFor(() => expect(message()).toHaveFocus());
  expect(message()).toHaveClass("found");
});

test("the arrow keys go through the list, Enter opens", async () => {
  const { user } = await openOnline();
  row("bob").focus();
  await user.keyboard("{ArrowDown}{ArrowDown}{ArrowUp}{Enter}");
  expect(row("grace")).toHaveAttribute("aria-current", "true");
});

test("Back leads to the row that one came from", async () => {
  const { user } = await openOnline();
  await open(user, "carol");
  await user.click(screen.getByTestId("back"));
  expect(screen.queryByTestId("composer")).toBeNull();
  await waitFor(() => expect(row("carol")).toHaveFocus());
});

test("presence is a word, not only a dot", async () => {
  await openOnline();
  expect(row("bob")).toHaveTextContent("Online");
  expect(row("dave")).toHaveTextContent("No answer");
  expect(screen.getAllByTestId("peer-row").some((one) => one.textContent?.includes("mallory"))).toBe(false);
});

test("the blocked have a list of their own and come back from it", async () => {
  const { user } = await openOnline();
  await user.click(screen.getByTestId("blocked-open"));
  expect(await screen.findByTestId("blocked-row")).toHaveTextContent("mallory");
  await user.click(screen.getByRole("button", { name: "Unblock mallory" }));
  await waitFor(() => expect(screen.queryByTestId("blocked-row")).toBeNull());
  await user.keyboard("{Escape}");
  await waitFor(() => expect(row("mallory")).toBeVisible());
});

test("who is pinned comes first, who is muted is marked", async () => {
  const { user } = await openOnline();
  await fireEvent.contextMenu(row("dave"));
  await user.click(await screen.findByTestId("peer-pin"));
  await waitFor(() => expect(screen.getAllByTestId("peer-row")[0]).toHaveTextContent("dave"));
  expect(row("dave")).toHaveTextContent("Pinned");
  await open(user, "dave");
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-mute"));
  await waitFor(() => expect(row("dave")).toHaveTextContent("Muted"));
});

test("somebody is renamed here, and only here", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-rename"));
  const field = await screen.findByTestId("rename-label");
  await user.clear(field);
  await user.click(screen.getByTestId("rename-submit"));
  expect(await screen.findByTestId("rename-error")).toBeVisible();
  await user.type(field, "Robert{Enter}");
  await waitFor(() => expect(row("Robert")).toBeVisible());
  expect(screen.getByText("calls themselves")).toHaveTextContent("bob");
});

test("a draft stands in the list until one is back in its conversation", async () => {
  const { user } = await openOnline();
  expect(row("grace")).toHaveTextContent("Draft: Tell me when");
  await open(user, "bob");
  await user.type(screen.getByTestId("composer"), "later");
  await open(user, "carol");
  expect(row("bob")).toHaveTextContent("Draft: later");
});

test("Ctrl+K goes to somebody without a mouse", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.keyboard("{Control>}k{/Control}");
  await user.type(await screen.findByTestId("switch-field"), "e");
  await user.keyboard("{ArrowDown}{ArrowUp}{Enter}");
  await waitFor(() => expect(row("grace")).toHaveAttribute("aria-current", "true"));
  await waitFor(() => expect(screen.queryByTestId("switch-field")).toBeNull());
});

test("Ctrl+K opens nothing over another dialog, and closes its own", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-rename"));
  await screen.findByTestId("rename-label");
  await user.keyboard("{Control>}k{/Control}");
  expect(screen.queryByTestId("switch-field")).toBeNull();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByTestId("rename-label")).toBeNull());
  await user.keyboard("{Control>}k{/Control}");
  await screen.findByTestId("switch-field");
  await user.keyboard("{Control>}k{/Control}");
  await waitFor(() => expect(screen.queryByTestId("switch-field")).toBeNull());
});

test("a short message that is dismissed does not keep the others for ever", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  for (const way of ["peer-copy", "peer-remove"]) {
    await user.click(screen.getByTestId("peer-menu"));
    await user.click(await screen.findByTestId(way));
  }
  await waitFor(() => expect(screen.getAllByTestId("toast")).toHaveLength(2));
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    const [first] = screen.getAllByTestId("toast") as [HTMLElement];
    await fireEvent.pointerEnter(first);
    await fireEvent.click(within(first).getByRole("button", { name: "Dismiss" }));
    expect(screen.getAllByTestId("toast")).toHaveLength(1);
    vi.advanceTimersByTime(TOAST_MS);
    await tick();
    expect(screen.queryByTestId("toast")).toBeNull();
  } finally {
    vi.useRealTimers();
  }
});

test("a short message stays while nobody sees the window", async () => {
  const { host } = await openOnline();
  const state = vi.spyOn(document, "visibilityState", "get").mockReturnValue("hidden");
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  try {
    host.say({ kind: "notice", notice: "shortcutTaken" });
    vi.advanceTimersByTime(TOAST_MS);
    await tick();
    expect(screen.getByTestId("toast")).toBeVisible();
    state.mockReturnValue("visible");
    await fireEvent(document, new Event("visibilitychange"));
    vi.advanceTimersByTime(TOAST_MS - 1);
    await tick();
    expect(screen.getByTestId("toast")).toBeVisible();
    vi.advanceTimersByTime(1);
    await tick();
    expect(screen.queryByTestId("toast")).toBeNull();
  } finally {
    vi.useRealTimers();
    state.mockRestore();
  }
});

test("F6 goes from part to part, and everything is there without a mouse", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  screen.getByTestId("composer").focus();
  await user.keyboard("{F6}");
  expect(screen.getByTestId("my-addresses")).toHaveFocus();
  await user.keyboard("{F6}");
  expect(row("bob")).toHaveFocus();
  await user.keyboard("{F6}");
  expect(screen.getByTestId("messages")).toHaveFocus();
  await user.keyboard("{Shift>}{F6}{/Shift}");
  expect(row("bob")).toHaveFocus();
});

test("? lists the shortcuts, but is a question mark where one writes", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.type(screen.getByTestId("composer"), "?");
  expect(screen.queryByTestId("shortcuts")).toBeNull();
  screen.getByTestId("messages").focus();
  await user.keyboard("?");
  expect(await screen.findByTestId("shortcuts")).toHaveTextContent("Go to somebody");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByTestId("shortcuts")).toBeNull());
});

test("what is open is told to the host and comes back after the page is loaded again", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  await user.type(screen.getByTestId("composer"), "half a");
  await waitFor(() => expect(host.view.peer).toBe(bob));
  cleanup();
  render(Root, { host });
  await waitFor(() => expect(row("bob")).toHaveAttribute("aria-current", "true"));
  await waitFor(() => expect(screen.getByTestId("composer")).toHaveValue("half a"));
});

test("the host opens a conversation, for instance from a notification", async () => {
  const { host } = await openOnline();
  host.say({ kind: "open", peer: 3 });
  await waitFor(() => expect(row("dave")).toHaveAttribute("aria-current", "true"));
});

test("what comes in behind a dialog has not been read; the host opens a conversation in front of it", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  await waitFor(() => expect(host.view).toEqual({ peer: bob, focused: true }));
  await user.click(screen.getByTestId("add-peer"));
  await waitFor(() => expect(host.view).toEqual({ peer: bob, focused: false }));
  const read = vi.spyOn(host, "markRead");
  host.receive(bob, "are you there?");
  await waitFor(() => expect(row("bob")).toHaveTextContent("are you there?"));
  expect(read).not.toHaveBeenCalled();
  host.say({ kind: "open", peer: bob });
  await waitFor(() => expect(read).toHaveBeenCalledWith(bob));
  await waitFor(() => expect(screen.queryByRole("dialog")).toBeNull());
});

test("files that are dropped are refused with words", async () => {
  await openOnline();
  const drop = new Event("drop", { bubbles: true, cancelable: true });
  Object.assign(drop, { dataTransfer: { types: ["Files"] } });
  document.body.dispatchEvent(drop);
  expect(await screen.findByTestId("toast")).toHaveTextContent("Files cannot be sent yet");
});

test("Disconnect leads back to the first screen and leaves nothing behind", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.click(screen.getByTestId("menu-me"));
  await user.click(await screen.findByTestId("disconnect"));
  expect(await screen.findByTestId("connect-name")).toHaveValue("");
  expect(document.body).not.toHaveTextContent("bob");
});

test("a session that ends by itself leaves nothing behind either", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  await user.type(screen.getByTestId("composer"), "a draft");
  await host.disconnect();
  await screen.findByTestId("connect-name");
  host.goOnline("alice", 47800);
  await screen.findAllByTestId("peer-row");
  expect(screen.queryByTestId("composer")).toBeNull();
  await open(user, "bob");
  expect(screen.getByTestId("composer")).toHaveValue("");
});

test("the window listens once, wherever one goes", async () => {
  const host = new MockHost({ pace: 0 });
  const listen = vi.spyOn(host, "onChanges");
  host.goOnline("alice", 47800);
  render(Root, { host });
  await screen.findAllByTestId("peer-row");
  const user = userEvent.setup();
  await open(user, "bob");
  await open(user, "grace");
  expect(listen).toHaveBeenCalledOnce();
});

test("the log and the addresses can be copied", async () => {
  const { host, user } = await openOnline();
  await user.click(screen.getByTestId("menu-me"));
  await user.click(await screen.findByTestId("copy-log"));
  await waitFor(() => expect(host.copied).toContain("listening on"));
  await user.click(screen.getByTestId("my-addresses"));
  await user.click(await screen.findByRole("button", { name: "Copy address [2001:db8::1]:47800" }));
  expect(host.copied).toBe("[2001:db8::1]:47800");
});
