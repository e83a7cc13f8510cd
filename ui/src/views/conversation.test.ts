import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test } from "vitest";
import { open, openOnline, row } from "../test/window";

test("opening a conversation marks it read", async () => {
  const { user } = await openOnline();
  expect(row("bob")).toHaveTextContent("2 unread");
  await open(user, "bob");
  await waitFor(() => expect(row("bob")).not.toHaveTextContent("unread"));
  expect(screen.getByText("New messages")).toBeVisible();
});

test("a link opens through the host and nowhere else", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  const link = (await screen.findAllByTestId("message-link")).find((one) => one.textContent?.includes("bücher"));
  expect(link).not.toHaveAttribute("href");
  await user.click(link as HTMLElement);
  expect(host.opened).toEqual(["https://xn--bcher-kva.example/liste"]);
  expect(link?.closest("[data-testid=message]")).toHaveTextContent("(xn--bcher-kva.example)");
  (link as HTMLElement).focus();
  await user.keyboard("{Enter}");
  expect(host.opened.length).toBe(2);
});

test("the white space of a text stays as it was written", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  host.receive(bob, "a  b\n  see www.example.org, and https://example.org.");
  await waitFor(() => {
    const text = screen.getAllByTestId("message").at(-1)?.querySelector(".text")?.textContent;
    expect(text).toBe("a  b\n  see www.example.org, and https://example.org.");
  });
});

test("markup of others stays text", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  host.receive(bob, "<img src=x onerror=alert(1)><b>bold</b>");
  expect(await screen.findByText("<img src=x onerror=alert(1)><b>bold</b>")).toBeVisible();
  expect(document.querySelector("[data-testid=messages] img")).toBeNull();
});

test("a very long text is folded until one asks for it", async () => {
  const { user } = await openOnline();
  await open(user, "Maximiliane");
  const message = (await screen.findAllByTestId("message"))[0] as HTMLElement;
  const folded = message.textContent?.length ?? 0;
  await user.click(within(message).getByTestId("show-all"));
  expect(message.textContent?.length).toBeGreaterThan(folded * 2);
});

test("a failed peer says what happened, whose side it is on, and can be tried again", async () => {
  const { user } = await openOnline();
  await open(user, "dave");
  const banner = screen.getByTestId("peer-banner");
  expect(banner).toHaveTextContent("Nothing answers at 198.51.100.23:47800. This can be on either side.");
  expect(banner).toHaveTextContent(/the next attempt is in \d+ seconds\./);
  await user.click(within(banner).getByRole("button", { name: "Try again" }));
  await waitFor(() => expect(screen.getByTestId("conversation-state")).toHaveTextContent("Online"));
  expect(screen.queryByTestId("peer-banner")).toBeNull();
});

test("notices are plain sentences", async () => {
  const { host, user } = await openOnline();
  const erin = await open(user, "erin");
  host.notice(erin, "oldestDropped");
  await waitFor(() => expect(screen.getAllByTestId("notice").at(-1)).toHaveTextContent("Older messages were dropped"));
});

test("a late message tells both times", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  expect(await screen.findByText(/^Written .+, arrived /)).toBeVisible();
});

test("removing acts at once and can be undone", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-remove"));
  expect(await screen.findByTestId("toast")).toHaveTextContent("Removed bob");
  expect(() => row("bob")).toThrow();
  await user.click(screen.getByTestId("toast-undo"));
  await waitFor(() => expect(row("bob")).toBeVisible());
  expect(await screen.findByText("Restarted, sorry. Where were we?")).toBeVisible();
});

test("blocking acts at once and can be undone", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-block"));
  await waitFor(() => expect(row("bob")).toHaveAttribute("data-state", "blocked"));
  expect(screen.getByTestId("composer")).toBeDisabled();
  await user.click(await screen.findByTestId("toast-undo"));
  await waitFor(() => expect(row("bob")).toHaveAttribute("data-state", "connected"));
});
