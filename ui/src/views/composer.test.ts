import { fireEvent, screen, waitFor } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import { open, openOnline, row } from "../test/window";

const composer = () => screen.getByTestId<HTMLTextAreaElement>("composer");

test("Enter sends, Shift+Enter breaks the line", async () => {
  const { host, user } = await openOnline();
  const send = vi.spyOn(host, "sendText");
  const bob = await open(user, "bob");
  await user.type(composer(), "one{Shift>}{Enter}{/Shift}two");
  expect(send).not.toHaveBeenCalled();
  await user.type(composer(), "{Enter}");
  expect(send).toHaveBeenCalledExactlyOnceWith(bob, "one\ntwo");
  expect(composer().value).toBe("");
  await waitFor(() => {
    const last = screen.getAllByTestId("message").at(-1);
    expect(last).toHaveAttribute("data-sender", "me");
    expect(last).toHaveAttribute("data-delivery", "delivered");
  });
});

test("Enter that ends a composition sends nothing", async () => {
  const { host, user } = await openOnline();
  const send = vi.spyOn(host, "sendText");
  await open(user, "bob");
  await user.type(composer(), "nihongo");
  await fireEvent.keyDown(composer(), { key: "Enter", isComposing: true });
  await fireEvent.keyDown(composer(), { key: "Enter", keyCode: 229 });
  expect(send).not.toHaveBeenCalled();
  await fireEvent.keyDown(composer(), { key: "Enter", keyCode: 13 });
  expect(send).toHaveBeenCalledOnce();
});

test("white space alone is not sent", async () => {
  const { host, user } = await openOnline();
  const send = vi.spyOn(host, "sendText");
  await open(user, "bob");
  await user.type(composer(), "   {Enter}");
  expect(send).not.toHaveBeenCalled();
  expect(screen.getByTestId("send")).toBeDisabled();
});

test("a text over 64 KiB is counted, refused and kept", async () => {
  const { host, user } = await openOnline();
  const send = vi.spyOn(host, "sendText");
  await open(user, "bob");
  const long = "ü".repeat(32 * 1024 + 5);
  await fireEvent.input(composer(), { target: { value: long } });
  expect(await screen.findByTestId("composer-count")).toHaveTextContent("10 bytes over the limit of 64 KiB");
  await fireEvent.keyDown(composer(), { key: "Enter" });
  expect(send).not.toHaveBeenCalled();
  expect(composer().value).toBe(long);
  await fireEvent.input(composer(), { target: { value: "ü".repeat(32 * 1024) } });
  expect(await screen.findByText("0 bytes left")).toBeVisible();
});

test("what could not be sent comes back, before what was written since", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  host.failNext("sendText", "queueFull");
  await user.type(composer(), "keep me{Enter}");
  expect(await screen.findByTestId("composer-error")).toHaveTextContent("Too many messages wait");
  expect(composer().value).toBe("keep me");
});

test("what could not be sent comes back to its own conversation, also when another one is open by then", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  let fail = () => {};
  vi.spyOn(host, "sendText").mockReturnValue(
    new Promise((_, reject) => {
      fail = () => reject({ code: "queueFull" });
    }),
  );
  await user.type(composer(), "only for bob{Enter}");
  await open(user, "carol");
  fail();
  await waitFor(() => expect(row("bob")).toHaveTextContent("Draft: only for bob"));
  expect(composer().value).toBe("");
  await waitFor(async () => expect(await host.draft(bob)).toBe("only for bob"));
});

test("each conversation keeps its own draft, and the host keeps them all", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  await user.type(composer(), "for bob");
  const grace = await open(user, "grace");
  await waitFor(() => expect(composer().value).toBe("Tell me when"));
  await user.type(composer(), " you are back");
  await open(user, "bob");
  await waitFor(() => expect(composer().value).toBe("for bob"));
  expect(await host.draft(grace)).toBe("Tell me when you are back");
});

test("a link is checked, shown with its real host, and sent", async () => {
  const { host, user } = await openOnline();
  const send = vi.spyOn(host, "sendLink");
  const bob = await open(user, "bob");
  await user.click(screen.getByTestId("link-open"));
  await user.type(await screen.findByTestId("link-url"), "https://bücher.example/x");
  await waitFor(() => expect(screen.getByTestId("link-preview")).toHaveTextContent("Opens xn--bcher-kva.example"));
  await user.click(screen.getByTestId("link-submit"));
  await waitFor(() => expect(send).toHaveBeenCalledExactlyOnceWith(bob, "https://xn--bcher-kva.example/x"));
  await waitFor(() => expect(screen.queryByTestId("link-url")).toBeNull());
});

test("a link that could do harm is refused and stays in the field", async () => {
  const { host, user } = await openOnline();
  const send = vi.spyOn(host, "sendLink");
  await open(user, "bob");
  await user.click(screen.getByTestId("link-open"));
  await user.type(await screen.findByTestId("link-url"), "javascript:alert(1)");
  await user.click(screen.getByTestId("link-submit"));
  expect(await screen.findByTestId("link-error")).toHaveTextContent("one of a kind that could do harm");
  expect(screen.getByTestId("link-url")).toHaveValue("javascript:alert(1)");
  expect(send).not.toHaveBeenCalled();
});
