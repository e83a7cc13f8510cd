import { render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import { MockHost } from "../../host/mock";
import { QUICK_REPLIES } from "../../state/callwords";
import { expectAccessible } from "../../test/window";
import Popup from "./Popup.svelte";

async function openPopup(ringing = true) {
  const host = new MockHost({ pace: 0 });
  host.goOnline("alice", 47800);
  const opened: number[] = [];
  host.onShell((event) => event.kind === "open" && opened.push(event.peer));
  render(Popup, { host });
  const [bob] = await host.peers();
  if (!bob) throw new Error("bob is not there");
  if (ringing) {
    host.calls.ring(bob.id);
    await screen.findByTestId("popup");
  }
  return { host, bob, opened, user: userEvent.setup() };
}

/** The last line of the conversation with bob. */
async function last(host: MockHost, peer: number) {
  return (await host.page(peer, null)).lines.at(-1);
}

test("it is empty while nobody calls, and again when the call is over", async () => {
  const { host, bob } = await openPopup(false);
  expect(screen.queryByRole("button")).toBeNull();
  host.calls.ring(bob.id);
  expect(await screen.findByRole("alertdialog", { name: "bob calls you" })).toBeVisible();
  expect(screen.getByTestId("popup-says")).toHaveTextContent("bob calls you");
  await waitFor(() => expect(document.title).toBe("bob calls you"));
  host.calls.finish("cancelled");
  await waitFor(() => expect(screen.queryByTestId("popup")).toBeNull());
  expect(screen.getByTestId("popup-says")).toHaveTextContent("");
});

test("a call of mine is none of its business", async () => {
  const { host, bob } = await openPopup(false);
  await host.startCall(bob.id);
  await waitFor(() => expect(host.calls.current?.phase).toBe("active"));
  expect(screen.queryByTestId("popup")).toBeNull();
});

test("nothing has the focus by itself, and neither Enter nor Escape decides", async () => {
  const { host, user } = await openPopup();
  expect(document.body).toHaveFocus();
  await user.keyboard("{Enter}{Escape} ");
  expect(host.calls.current?.phase).toBe("incoming");
});

test("Tab leads to Accept, Reject and the message, in this order", async () => {
  const { user } = await openPopup();
  for (const testid of ["popup-accept", "popup-reject", "popup-reject-with"]) {
    await user.tab();
    expect(screen.getByTestId(testid)).toHaveFocus();
  }
});

test("Accept takes the call and shows the conversation", async () => {
  const { host, bob, opened, user } = await openPopup();
  await user.click(screen.getByTestId("popup-accept"));
  await waitFor(() => expect(host.calls.current?.phase).toBe("active"));
  expect(opened).toEqual([bob.id]);
  await waitFor(() => expect(screen.queryByTestId("popup")).toBeNull());
});

test("Reject ends it", async () => {
  const { host, bob, opened, user } = await openPopup();
  await user.click(screen.getByTestId("popup-reject"));
  await waitFor(() => expect(host.calls.current).toBeNull());
  expect(await last(host, bob.id)).toMatchObject({ kind: "call", call: { end: "rejected" } });
  expect(opened).toEqual([]);
});

test("there are three ready messages; one click sends and rejects", async () => {
  const { host, bob, user } = await openPopup();
  await user.click(screen.getByTestId("popup-reject-with"));
  expect(screen.getAllByTestId("popup-reply").map((one) => one.textContent?.trim())).toEqual(QUICK_REPLIES);
  await user.click(screen.getAllByTestId("popup-reply")[1] as HTMLElement);
  await waitFor(() => expect(host.calls.current).toBeNull());
  const { lines } = await host.page(bob.id, null);
  expect(lines.some((line) => line.kind === "text" && line.text === QUICK_REPLIES[1])).toBe(true);
});

test("an own message is typed at once, and Enter sends it", async () => {
  const { host, bob, user } = await openPopup();
  await user.click(screen.getByTestId("popup-reject-with"));
  expect(screen.getByTestId("popup-reply-text")).toHaveFocus();
  await user.keyboard("{Enter}");
  expect(host.calls.current?.phase).toBe("incoming");
  await user.keyboard("on the train{Enter}");
  await waitFor(() => expect(host.calls.current).toBeNull());
  const { lines } = await host.page(bob.id, null);
  expect(lines.some((line) => line.kind === "text" && line.text === "on the train")).toBe(true);
});

test("a message that could not be sent is not lost, and the call is still there", async () => {
  const { host, user } = await openPopup();
  await user.click(screen.getByTestId("popup-reject-with"));
  host.failNext("sendText", "queueFull");
  await user.keyboard("on the train{Enter}");
  expect(await screen.findByTestId("popup-error")).toHaveTextContent("Too many messages wait");
  expect(screen.getByTestId("popup-reply-text")).toHaveValue("on the train");
  expect(host.calls.current?.phase).toBe("incoming");
});

test("Escape leads back from the messages and rejects nothing", async () => {
  const { host, user } = await openPopup();
  await user.click(screen.getByTestId("popup-reject-with"));
  await user.keyboard("{Escape}");
  expect(screen.getByTestId("popup-accept")).toBeVisible();
  expect(host.calls.current?.phase).toBe("incoming");
});

test("the next call begins anew", async () => {
  const { host, bob, user } = await openPopup();
  await user.click(screen.getByTestId("popup-reject-with"));
  host.calls.finish("cancelled");
  host.calls.ring(bob.id);
  expect(await screen.findByTestId("popup-accept")).toBeVisible();
});

test("whoever calls themselves something else is shown with both names", async () => {
  const { host, bob } = await openPopup(false);
  await host.renamePeer(bob.id, "my brother");
  host.calls.ring(bob.id);
  const popup = await screen.findByTestId("popup");
  expect(within(popup).getByRole("heading")).toHaveTextContent("my brother");
  expect(popup).toHaveTextContent("says to be bob");
});

test("axe finds nothing, in both states", async () => {
  const { user } = await openPopup();
  await expectAccessible();
  await user.click(screen.getByTestId("popup-reject-with"));
  await expectAccessible();
});
