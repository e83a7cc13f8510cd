import { fireEvent, render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { MockHost } from "../../host/mock";
import Root from "../../Root.svelte";
import { open, openOnline, row } from "../../test/window";

const messages = () => screen.getAllByTestId("message");
const area = () => screen.getByTestId("messages");
const saying = (text: string) => messages().find((one) => one.textContent?.includes(text)) as HTMLElement;

/** The window with a conversation of many lines, open. */
async function openLong(lines: number) {
  const host = new MockHost({ pace: 0, lines });
  host.goOnline("alice", 47800);
  render(Root, { host });
  await screen.findAllByTestId("peer-row");
  const user = userEvent.setup();
  await open(user, "bob");
  await waitFor(() => expect(area()).toHaveClass("placed"));
  return { host, user };
}

test("of a hundred thousand lines only those in view are in the page", async () => {
  await openLong(100_000);
  expect(Number(area().dataset.lines)).toBeGreaterThan(100_000);
  await waitFor(() => expect(messages().length).toBeGreaterThan(5));
  expect(messages().length).toBeLessThan(100);
});

test("it opens at the first unread line and says so", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  const mark = await screen.findByTestId("unread-line");
  expect(mark).toHaveTextContent("New messages");
  expect(mark.parentElement).toHaveTextContent("Can you send me the number of the room");
});

test("my own message ends what was unread", async () => {
  const { user } = await openOnline();
  await open(user, "bob");
  await screen.findByTestId("unread-line");
  await user.type(screen.getByTestId("composer"), "12b{Enter}");
  await waitFor(() => expect(saying("12b")).toBeVisible());
  expect(screen.queryByTestId("unread-line")).toBeNull();
});

test("the arrow keys walk from message to message, Escape leads back to the text", async () => {
  const { user } = await openOnline();
  await open(user, "grace");
  await waitFor(() => expect(saying("Did the train stop?")).toBeVisible());
  area().focus();
  await user.keyboard("{ArrowUp}");
  await waitFor(() => expect(saying("Did the train stop?")).toHaveFocus());
  await user.keyboard("{Escape}");
  expect(screen.getByTestId("composer")).toHaveFocus();
});

test("Ctrl+C copies the message that has the focus", async () => {
  const { host, user } = await openOnline();
  await open(user, "grace");
  await waitFor(() => expect(saying("Did the train stop?")).toBeVisible());
  saying("Did the train stop?").focus();
  await user.keyboard("{Control>}c{/Control}");
  await waitFor(() => expect(host.copied).toBe("Did the train stop?"));
});

test("the menu of a message copies it whole, also when it is folded", async () => {
  const { host, user } = await openOnline();
  await open(user, "Maximiliane");
  await waitFor(() => expect(saying("no-space-in-this-word")).toBeVisible());
  await fireEvent.contextMenu(saying("no-space-in-this-word"));
  await user.click(await screen.findByTestId("copy-message"));
  await waitFor(() => expect(host.copied.length).toBeGreaterThan(5000));
});

test("a long text is unfolded, and folded again", async () => {
  const { user } = await openOnline();
  await open(user, "Maximiliane");
  await user.click(await screen.findByTestId("show-all"));
  expect(screen.getByTestId("show-all")).toHaveTextContent("Show less");
  await user.click(screen.getByTestId("show-all"));
  expect(screen.getByTestId("show-all")).toHaveTextContent("Show all");
});

test("emoji alone are large", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  host.receive(bob, "🎉🎉");
  host.receive(bob, "🎉 at eight");
  await waitFor(() => expect(saying("🎉 at eight")).not.toHaveClass("large"));
  expect(saying("🎉🎉")).toHaveClass("large");
});

test("whoever reads further up is told how many came, and jumps to them", async () => {
  const { host, user } = await openLong(500);
  await host.markRead(1);
  area().scrollTop = 1000;
  await fireEvent.scroll(area());
  await screen.findByTestId("jump");
  host.receive(1, "one");
  host.receive(1, "two");
  await waitFor(() => expect(screen.getByTestId("jump")).toHaveTextContent("2 new"));
  await user.click(screen.getByTestId("jump"));
  await waitFor(() => expect(screen.queryByTestId("jump")).toBeNull());
});

test("what was dropped is told at the top", async () => {
  const { host, user } = await openOnline();
  const { page } = host;
  host.page = async (peer, before) => {
    const answer = await page.call(host, peer, before);
    return { ...answer, first: 3, lines: answer.lines.filter(({ seq }) => seq >= 3) };
  };
  await user.click(row("bob"));
  await waitFor(() =>
    expect(screen.getAllByTestId("notice")[0]).toHaveTextContent("Older messages were dropped to save memory."),
  );
});
