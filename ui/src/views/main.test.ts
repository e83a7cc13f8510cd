import { render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { MockHost } from "../host/mock";
import Root from "../Root.svelte";
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

test("requests of strangers can be switched off", async () => {
  const { user } = await openOnline();
  await user.click(screen.getByTestId("menu-me"));
  await user.click(await screen.findByTestId("allow-requests"));
  await waitFor(() => expect(screen.queryByTestId("request-row")).toBeNull());
});

test("search narrows the list and says when nobody matches", async () => {
  const { user } = await openOnline();
  await user.type(screen.getByTestId("search"), "CAROL");
  expect(screen.getAllByTestId("peer-row").length).toBe(1);
  await user.type(screen.getByTestId("search"), "x");
  expect(screen.getByText(/Nobody on your list matches/)).toBeVisible();
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
  expect(row("mallory")).toHaveTextContent("Blocked");
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
