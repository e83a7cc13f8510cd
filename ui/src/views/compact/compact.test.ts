import { render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { MockHost } from "../../host/mock";
import { expectAccessible } from "../../test/window";
import Compact from "./Compact.svelte";

async function openCompact(phase: "active" | "incoming" = "active") {
  const host = new MockHost({ pace: 0 });
  host.goOnline("alice", 47800);
  const opened: number[] = [];
  host.onShell((event) => event.kind === "open" && opened.push(event.peer));
  const [bob] = await host.peers();
  if (!bob) throw new Error("bob is not there");
  if (phase === "incoming") host.calls.ring(bob.id);
  else await host.startCall(bob.id);
  render(Compact, { host });
  if (phase === "active") {
    await waitFor(() => expect(screen.getByTestId("compact-state")).toHaveTextContent("bob hears you"));
  } else {
    await screen.findByTestId("compact");
  }
  return { host, bob, opened, user: userEvent.setup() };
}

test("it shows who, how long, and whether they hear me", async () => {
  await openCompact();
  expect(screen.getByRole("heading")).toHaveTextContent("bob");
  expect(screen.getByTestId("compact-time")).toHaveTextContent(/^0:0\d$/);
  expect(document.title).toBe("Call with bob");
});

test("the microphone is muted and heard again", async () => {
  const { host, user } = await openCompact();
  const mute = screen.getByTestId("compact-mute");
  await user.click(mute);
  await waitFor(() => expect(mute).toHaveAttribute("aria-pressed", "true"));
  expect(host.calls.current?.muted).toBe(true);
  await user.click(mute);
  await waitFor(() => expect(host.calls.current?.muted).toBe(false));
});

test("whoever is deafened and unmutes hears again, too", async () => {
  const { host, user } = await openCompact();
  await user.click(screen.getByTestId("compact-deafen"));
  await waitFor(() => expect(screen.getByTestId("compact-mute")).toHaveAttribute("aria-pressed", "true"));
  await user.click(screen.getByTestId("compact-mute"));
  await waitFor(() => expect(host.calls.current).toMatchObject({ deafened: false, muted: false }));
});

test("it ends the call and is empty then", async () => {
  const { host, user } = await openCompact();
  await user.click(screen.getByTestId("compact-end"));
  await waitFor(() => expect(screen.queryByTestId("compact")).toBeNull());
  expect(host.calls.current).toBeNull();
});

test("it leads back to the window", async () => {
  const { bob, opened, user } = await openCompact();
  await user.click(screen.getByTestId("compact-window"));
  expect(opened).toEqual([bob.id]);
});

test("a call that rings can be accepted or rejected here", async () => {
  const { host, bob, user } = await openCompact("incoming");
  expect(screen.getByTestId("compact-end")).toHaveTextContent("Reject");
  await user.click(screen.getByTestId("compact-accept"));
  await waitFor(() => expect(host.calls.current?.phase).toBe("active"));
  host.calls.finish("hungUp");
  host.calls.ring(bob.id);
  await waitFor(() => expect(screen.getByTestId("compact-end")).toHaveTextContent("Reject"));
  await user.click(screen.getByTestId("compact-end"));
  await waitFor(() => expect(host.calls.current).toBeNull());
});

test("what was refused is told in the line of the state", async () => {
  const { host, user } = await openCompact();
  vi.spyOn(host, "setMuted").mockRejectedValue({ code: "noCall" });
  await user.click(screen.getByTestId("compact-mute"));
  await waitFor(() => expect(screen.getByTestId("compact-state")).toHaveTextContent("This call is over."));
});

test.each(["active", "incoming"] as const)("axe finds nothing while the call is %s", async (phase) => {
  await openCompact(phase);
  await expectAccessible();
});
