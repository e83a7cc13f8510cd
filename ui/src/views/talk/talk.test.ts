import { render, screen, waitFor } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { MockHost } from "../../host/mock";
import { expectAccessible, open, openOnline } from "../../test/window";
import Talk from "./Talk.svelte";

async function openTalk() {
  const host = new MockHost({ pace: 0 });
  host.goOnline("alice", 47800);
  const [bob] = await host.peers();
  if (!bob) throw new Error("bob is not there");
  const shown: number[] = [];
  host.onShell((event) => event.kind === "open" && shown.push(event.peer));
  render(Talk, { host, peer: bob.id });
  await screen.findByTestId("composer");
  return { host, bob, shown, user: userEvent.setup() };
}

test("it shows one conversation, in which one reads and writes", async () => {
  const { host, bob, user } = await openTalk();
  const send = vi.spyOn(host, "sendText");
  expect(screen.getByRole("heading", { level: 2 })).toHaveTextContent("bob");
  expect(screen.queryByTestId("peer-row")).toBeNull();
  await user.type(screen.getByTestId("composer"), "hello{Enter}");
  expect(send).toHaveBeenCalledExactlyOnceWith(bob.id, "hello");
  await waitFor(() => expect(screen.getAllByTestId("message").at(-1)).toHaveTextContent("hello"));
});

test("it says what it shows, and keeps to its conversation whatever the main window opens", async () => {
  const { host, bob } = await openTalk();
  await waitFor(() => expect(host.view.peer).toBe(bob.id));
  await waitFor(() => expect(document.title).toContain("bob"));
  host.say({ kind: "open", peer: bob.id + 1 });
  expect(screen.getByRole("heading", { level: 2 })).toHaveTextContent("bob");
});

test("it asks for nothing that such a window may not have", async () => {
  const host = new MockHost({ pace: 0 });
  host.goOnline("alice", 47800);
  const forbidden = (["requests", "audioSettings", "audioDevices", "lastViewed", "search", "voiceStats"] as const).map(
    (name) => vi.spyOn(host, name),
  );
  render(Talk, { host, peer: (await host.peers())[0]?.id ?? 0 });
  await screen.findByTestId("composer");
  host.calls.ring(1);
  await waitFor(() => expect(screen.getByTestId("call-start")).toBeDisabled());
  for (const method of forbidden) expect(method).not.toHaveBeenCalled();
});

test("a call is started here and goes on in the small window", async () => {
  const { host, bob, user } = await openTalk();
  await user.click(screen.getByTestId("call-start"));
  await waitFor(() => expect(host.compact).toBe(true));
  expect(host.calls.current?.peer).toBe(bob.id);
});

test("whoever is remembered and offline is led to the main window to connect", async () => {
  const { host, bob, shown, user } = await openTalk();
  const connect = vi.spyOn(host, "connectRemembered");
  await host.remember({ kind: "keychain" });
  await host.rememberPassword(true);
  await host.disconnect();
  await user.click(await screen.findByTestId("banner-connect"));
  await waitFor(() => expect(shown).toEqual([bob.id]));
  expect(connect).not.toHaveBeenCalled();
});

test("it leads to the main window", async () => {
  const { bob, shown, user } = await openTalk();
  await user.click(screen.getByTestId("talk-main"));
  expect(shown).toEqual([bob.id]);
});

test("what another window wrote is there when the focus comes back", async () => {
  const { host, bob, user } = await openTalk();
  await user.type(screen.getByTestId("composer"), "I");
  window.dispatchEvent(new Event("blur"));
  await waitFor(async () => expect(await host.draft(bob.id)).toBe("I"));
  await host.setDraft(bob.id, "I think");
  window.dispatchEvent(new Event("focus"));
  await waitFor(() => expect(screen.getByTestId("composer")).toHaveValue("I think"));
});

test("the menu and a shortcut move a conversation into its own window, with its draft", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  await user.type(screen.getByTestId("composer"), "half a th");
  await user.click(screen.getByTestId("peer-menu"));
  await user.click(await screen.findByTestId("peer-talk"));
  await waitFor(() => expect(host.talks).toEqual([bob]));
  await waitFor(() => expect(screen.queryByTestId("composer")).toBeNull());
  await waitFor(() => expect(document.activeElement?.closest(".sidebar")).not.toBeNull());
  expect(await host.draft(bob)).toBe("half a th");
  await open(user, "grace");
  await user.keyboard("{Control>}{Shift>}o{/Shift}{/Control}");
  await waitFor(() => expect(host.talks).toHaveLength(2));
});

test("a window that cannot be opened takes nothing away", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  host.failNext("openTalk", "systemRefused");
  await user.keyboard("{Control>}{Shift>}o{/Shift}{/Control}");
  await screen.findByTestId("toast");
  expect(screen.getByTestId("composer")).toBeVisible();
});

test("axe finds nothing", async () => {
  await openTalk();
  await expectAccessible();
});
