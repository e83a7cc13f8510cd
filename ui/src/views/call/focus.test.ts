import { screen, waitFor } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { callUp, open, openOnline, row } from "../../test/window";

async function rung() {
  const stage = await openOnline();
  const bob = await open(stage.user, "bob");
  stage.host.calls.ring(bob);
  await screen.findByTestId("incoming-call");
  return { ...stage, bob };
}

/** Whether the focus is somewhere in the call's bar. */
const inBar = () => screen.getByTestId("call-bar").contains(document.activeElement);

test("whoever accepts by keyboard goes on in the bar of the call", async () => {
  const { user } = await rung();
  screen.getByTestId("call-accept").focus();
  await user.keyboard("{Enter}");
  await waitFor(() => expect(screen.queryByTestId("incoming-call")).toBeNull());
  await waitFor(() => expect(inBar()).toBe(true));
});

test.each(["call-reject", "call-reject-with", "call-reply-send"])("after %s one goes on writing", async (button) => {
  const { user } = await rung();
  if (button !== "call-reject") await user.click(screen.getByTestId("call-reject-with"));
  if (button === "call-reply-send") await user.type(screen.getByTestId("call-reply-text"), "later{Enter}");
  else if (button === "call-reject-with") await user.click(screen.getAllByTestId("call-reply")[0] as HTMLElement);
  else {
    screen.getByTestId("call-reject").focus();
    await user.keyboard("{Enter}");
  }
  await waitFor(() => expect(screen.queryByTestId("call-bar")).toBeNull());
  await waitFor(() => expect(screen.getByTestId("composer")).toHaveFocus());
});

test("a caller who gives up leaves the focus at the text", async () => {
  const { host } = await rung();
  screen.getByTestId("call-accept").focus();
  host.calls.finish("cancelled");
  await waitFor(() => expect(screen.queryByTestId("incoming-call")).toBeNull());
  await waitFor(() => expect(screen.getByTestId("composer")).toHaveFocus());
});

test("after End one goes on writing", async () => {
  const { user } = await openOnline();
  await callUp(user, "bob");
  screen.getByTestId("call-end").focus();
  await user.keyboard("{Enter}");
  await waitFor(() => expect(screen.queryByTestId("call-bar")).toBeNull());
  await waitFor(() => expect(screen.getByTestId("composer")).toHaveFocus());
});

test("a call that ends while its devices are chosen leaves the focus at the text", async () => {
  const { host, user } = await openOnline();
  await callUp(user, "bob");
  await user.click(screen.getByTestId("call-devices"));
  await waitFor(() => expect(document.activeElement?.closest(".popover")).not.toBeNull());
  host.calls.finish("hungUp");
  await waitFor(() => expect(screen.getByTestId("composer")).toHaveFocus());
});

test("where no conversation is open the focus goes to the list", async () => {
  const { host, user } = await openOnline();
  host.calls.ring(Number(row("bob").dataset.peerId));
  (await screen.findByTestId("call-reject")).focus();
  await user.keyboard("{Enter}");
  await waitFor(() => expect(screen.queryByTestId("incoming-call")).toBeNull());
  await waitFor(() => expect(document.activeElement?.closest(".sidebar")).not.toBeNull());
});

test("a call that is answered elsewhere takes the focus from nobody who writes", async () => {
  const { host, user, bob } = await rung();
  await user.click(screen.getByTestId("composer"));
  await host.acceptCall(host.calls.current?.number ?? 0);
  await waitFor(() => expect(screen.getByTestId("call-bar")).toHaveAttribute("data-phase", "active"));
  expect(screen.getByTestId("composer")).toHaveFocus();
  expect(bob).toBe(host.calls.current?.peer);
});
