import { screen, waitFor, within } from "@testing-library/svelte";
import { expect, test, vi } from "vitest";
import type { CallSnapshot } from "../../host/host";
import type { MockHost } from "../../host/mock";
import { callUp, open, openOnline, row } from "../../test/window";

const state = () => screen.getByTestId("call-state");

/** Lets somebody call, and gives their entry. */
async function rung(host: MockHost, name: string): Promise<number> {
  const peer = Number(row(name).dataset.peerId);
  host.calls.ring(peer);
  await screen.findByTestId("incoming-call");
  return peer;
}

test("a call goes through its phases, and hears-you stands there only when it is proved", async () => {
  const { host, user } = await openOnline("full", "never");
  await open(user, "bob");
  await user.click(screen.getByTestId("call-start"));
  await waitFor(() => expect(state()).toHaveTextContent("Ringing at bob's…"));
  const phases: [Partial<CallSnapshot>, string][] = [
    [{ phase: "searching" }, "Searching for bob…"],
    [{ phase: "ringing" }, "Ringing at bob's…"],
    [{ phase: "active", acceptedAt: Date.now(), hearing: "connecting" }, "Connecting audio…"],
    [{ hearing: "heard" }, "bob hears you"],
    [{ peerMuted: true }, "bob hears you · bob is muted"],
    [{ hearing: "microphoneSilent" }, "Your microphone is silent"],
    [{ hearing: "speakerOff" }, "bob's speaker is off"],
    [{ peerDeafened: true }, "bob is deafened"],
    [{ hearing: "notArriving" }, "Your voice does not arrive"],
    [{ phase: "reconnecting" }, "Reconnecting…"],
  ];
  for (const [some, words] of phases) {
    host.calls.set(some);
    await waitFor(() => expect(state()).toHaveTextContent(words));
    expect(state().textContent?.includes("hears you")).toBe(words.includes("hears you"));
  }
});

test("the bar shows the running time, and End call leaves a line", async () => {
  const { host, user } = await openOnline();
  await callUp(user, "bob");
  host.calls.set({ acceptedAt: Date.now() - 133_000 });
  await waitFor(() => expect(screen.getByTestId("call-time")).toHaveTextContent("2:13"));
  await user.click(screen.getByTestId("call-end"));
  await waitFor(() => expect(screen.queryByTestId("call-bar")).toBeNull());
  const line = await screen.findByTestId("call-line");
  expect(line).toHaveTextContent("You called bob · 2:13");
  expect(line).toHaveAttribute("data-end", "hungUp");
  await waitFor(() => expect(row("bob")).toHaveTextContent("Call, 2:13"));
  expect(screen.queryByTestId("toast")).toBeNull();
});

test("what becomes of an unanswered call is told in words", async () => {
  const { host, user } = await openOnline("full", "busy");
  await open(user, "bob");
  await user.click(screen.getByTestId("call-start"));
  expect(await screen.findByTestId("toast")).toHaveTextContent("You called bob · in another call");
  host.calls.answer = "reject";
  await user.click(screen.getByTestId("call-back"));
  await waitFor(() => expect(screen.getAllByTestId("call-line").at(-1)).toHaveTextContent("You called bob · rejected"));
});

test("a call can be cancelled while it rings", async () => {
  const { user } = await openOnline("full", "never");
  await open(user, "bob");
  await user.click(screen.getByTestId("call-start"));
  await user.click(await screen.findByTestId("call-end"));
  expect(await screen.findByTestId("call-line")).toHaveAttribute("data-end", "cancelled");
});

test("whoever is not there is looked for", async () => {
  const { user } = await openOnline();
  await open(user, "carol");
  await user.click(screen.getByTestId("call-start"));
  await waitFor(() => expect(screen.getByTestId("call-bar")).toHaveAttribute("data-phase", "searching"));
  await user.click(screen.getByTestId("call-end"));
  await waitFor(() => expect(screen.queryByTestId("call-bar")).toBeNull());
});

test("who cannot be called has the reason on the button", async () => {
  const { host, user } = await openOnline();
  const dave = await open(user, "dave");
  await host.blockPeer(dave);
  await waitFor(() => expect(screen.getByTestId("call-start")).toBeDisabled());
  expect(screen.getByTestId("call-start")).toHaveAccessibleDescription("You blocked dave");
  await open(user, "bob");
  await user.click(screen.getByTestId("call-start"));
  await waitFor(() => expect(screen.getByTestId("call-start")).toBeDisabled());
  await open(user, "grace");
  expect(screen.getByTestId("call-start")).toHaveAttribute("title", "You are in another call");
});

test("a call that cannot be started says why", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  host.failNext("startCall", "callsUnsupported");
  await user.click(screen.getByTestId("call-start"));
  expect(await screen.findByTestId("toast")).toHaveTextContent("Their app cannot take calls.");
});

test("an incoming call is announced and takes neither the focus nor a key", async () => {
  const { host, user } = await openOnline();
  await open(user, "grace");
  const composer = screen.getByTestId("composer");
  await user.clear(composer);
  await user.type(composer, "half a ");
  const accept = vi.spyOn(host, "acceptCall");
  const reject = vi.spyOn(host, "rejectCall");
  await rung(host, "bob");
  expect(screen.getByRole("alertdialog", { name: "bob is calling" })).toBeVisible();
  expect(screen.getByRole("alert")).toHaveTextContent("bob is calling. Ctrl+Shift+A accepts");
  await user.keyboard("word{Enter}");
  await waitFor(() => expect(screen.getAllByTestId("message").at(-1)).toHaveTextContent("half a word"));
  expect(accept).not.toHaveBeenCalled();
  expect(reject).not.toHaveBeenCalled();
  expect(document.title).toContain("bob is calling");
});

test("F6 leads to the card of a call, Escape puts it away and back to the text", async () => {
  const { host, user } = await openOnline();
  await open(user, "grace");
  await rung(host, "bob");
  screen.getByTestId("my-addresses").focus();
  await user.keyboard("{F6}");
  expect(screen.getByTestId("call-aside")).toHaveFocus();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByTestId("incoming-call")).toBeNull());
  expect(screen.getByTestId("composer")).toHaveFocus();
});

test("a call that may not ring is in the bar alone, where it can be taken", async () => {
  const { host, user } = await openOnline();
  const bob = await open(user, "bob");
  await host.setPeerMuted(bob, true);
  host.calls.ring(bob);
  const bar = await screen.findByTestId("call-bar");
  expect(screen.queryByTestId("incoming-call")).toBeNull();
  await user.click(within(bar).getByTestId("call-accept"));
  await waitFor(() => expect(state()).toHaveTextContent("bob hears you"));
});

test("Accept connects and leads to the conversation", async () => {
  const { host, user } = await openOnline();
  await open(user, "grace");
  await rung(host, "bob");
  await user.click(screen.getByTestId("call-accept"));
  await waitFor(() => expect(state()).toHaveTextContent("bob hears you"));
  await waitFor(() => expect(screen.queryByTestId("incoming-call")).toBeNull());
  expect(row("bob")).toHaveAttribute("aria-current", "true");
});

test("Reject leaves a line that is not counted as missed", async () => {
  const { host, user } = await openOnline();
  await open(user, "bob");
  await waitFor(() => expect(row("bob")).not.toHaveTextContent("unread"));
  await rung(host, "bob");
  await user.click(screen.getByTestId("call-reject"));
  const line = await screen.findByTestId("call-line");
  expect(line).toHaveTextContent("bob called · rejected by you");
  expect(line).toHaveAttribute("data-missed", "false");
  expect(screen.queryByTestId("toast")).toBeNull();
});

test("Reject with a message rejects first and then writes", async () => {
  const { host, user } = await openOnline();
  const peer = await rung(host, "bob");
  const done: string[] = [];
  vi.spyOn(host, "rejectCall").mockImplementation(async () => {
    done.push("reject");
    host.calls.finish("rejected");
  });
  vi.spyOn(host, "sendText").mockImplementation(async (to, text) => void done.push(`${to} ${text}`));
  await user.click(screen.getByTestId("call-reject-with"));
  await user.click((await screen.findAllByTestId("call-reply"))[0] as HTMLElement);
  await waitFor(() => expect(done).toEqual(["reject", `${peer} I call you back in ten minutes.`]));
});

test("an own message can be written, and one that cannot be sent is kept as a draft", async () => {
  const { host, user } = await openOnline();
  await rung(host, "bob");
  await user.click(screen.getByTestId("call-reject-with"));
  expect(screen.getByTestId("call-reply-send")).toBeDisabled();
  host.failNext("sendText", "queueFull");
  await user.type(screen.getByTestId("call-reply-text"), "on the train{Enter}");
  expect(await screen.findByText(/Too many messages wait/)).toBeVisible();
  await open(user, "bob");
  expect(screen.getByTestId("composer")).toHaveValue("on the train");
});

test("Escape puts the dialog away and rejects nothing; the bar still answers", async () => {
  const { host, user } = await openOnline();
  const reject = vi.spyOn(host, "rejectCall");
  await rung(host, "bob");
  expect(within(screen.getByTestId("call-bar")).queryByTestId("call-accept")).toBeNull();
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByTestId("incoming-call")).toBeNull());
  expect(reject).not.toHaveBeenCalled();
  expect(state()).toHaveTextContent("bob is calling");
  await user.click(within(screen.getByTestId("call-bar")).getByTestId("call-accept"));
  await waitFor(() => expect(state()).toHaveTextContent("bob hears you"));
});

test("a card that was put away does not hide the next call", async () => {
  const { host, user } = await openOnline();
  await rung(host, "bob");
  await user.keyboard("{Escape}");
  host.calls.finish("cancelled");
  await waitFor(() => expect(screen.queryByTestId("call-bar")).toBeNull());
  await rung(host, "bob");
  expect(screen.getByTestId("incoming-call")).toBeVisible();
});

test("a caller who gives up leaves a missed call with a way to call back", async () => {
  const { host, user } = await openOnline();
  await rung(host, "bob");
  host.calls.finish("cancelled");
  await waitFor(() => expect(screen.queryByTestId("incoming-call")).toBeNull());
  expect(await screen.findByTestId("toast")).toHaveTextContent("Missed call from bob");
  await waitFor(() => expect(row("bob")).toHaveTextContent("Missed call"));
  expect(row("bob")).toHaveTextContent("3 unread");
  await open(user, "bob");
  const line = await screen.findByTestId("call-line");
  expect(line).toHaveAttribute("data-missed", "true");
  await user.click(within(line).getByRole("button", { name: "Call back" }));
  await waitFor(() => expect(state()).toHaveTextContent("bob hears you"));
});

test("a call that was taken elsewhere or too late ends the card with a word", async () => {
  const { host, user } = await openOnline();
  await rung(host, "bob");
  host.failNext("acceptCall", "noCall");
  await user.click(screen.getByTestId("call-accept"));
  expect(await screen.findByText(/This call is over/)).toBeVisible();
});

test("a second caller does not disturb the call and is missed", async () => {
  const { host, user } = await openOnline();
  await callUp(user, "bob");
  host.calls.ring(Number(row("grace").dataset.peerId));
  await waitFor(() => expect(row("grace")).toHaveTextContent("Missed call"));
  expect(screen.queryByTestId("incoming-call")).toBeNull();
  expect(state()).toHaveTextContent("bob hears you");
});

test("the bar stays while one reads elsewhere, and leads back", async () => {
  const { user } = await openOnline();
  await callUp(user, "bob");
  const bar = screen.getByTestId("call-bar");
  await open(user, "grace");
  expect(screen.getByTestId("call-bar")).toBe(bar);
  await user.click(screen.getByTestId("back"));
  expect(screen.getByTestId("call-bar")).toBe(bar);
  await user.click(screen.getByTestId("call-peer"));
  await waitFor(() => expect(row("bob")).toHaveAttribute("aria-current", "true"));
});

test("Mute and Deafen are said, shown and taken back", async () => {
  const { user } = await openOnline();
  await callUp(user, "bob");
  const mute = () => screen.getByTestId("call-mute");
  await user.click(mute());
  await waitFor(() => expect(mute()).toHaveAttribute("aria-pressed", "true"));
  expect(state()).toHaveTextContent("You are muted");
  await user.click(mute());
  await waitFor(() => expect(state()).toHaveTextContent("bob hears you"));
  await user.click(screen.getByTestId("call-deafen"));
  await waitFor(() => expect(state()).toHaveTextContent("You are deafened"));
  expect(mute()).toHaveAttribute("aria-pressed", "true");
  // To be heard again, one hears again.
  await user.click(mute());
  await waitFor(() => expect(screen.getByTestId("call-deafen")).toHaveAttribute("aria-pressed", "false"));
});

test.each(["missing", "refused", "busy"] as const)(
  "a microphone that is %s means listen-only, with words",
  async (kind) => {
    const { host, user } = await openOnline();
    host.sound.troubles = { microphone: kind };
    await open(user, "bob");
    await user.click(screen.getByTestId("call-start"));
    const trouble = await screen.findByTestId("call-trouble");
    expect(state()).toHaveTextContent("Listen-only");
    expect(trouble).toHaveTextContent("You hear bob, but bob does not hear you");
    expect(trouble).toHaveTextContent("This is on your side.");
    await user.click(within(trouble).getByTestId("call-remedy"));
    expect(await screen.findByTestId("settings")).toBeVisible();
  },
);

test("who talks while muted is told so and can unmute", async () => {
  const { host, user } = await openOnline();
  await callUp(user, "bob");
  const real = host.calls.stats.bind(host.calls);
  vi.spyOn(host, "voiceStats").mockImplementation(async () => {
    const stats = real();
    return stats && { ...stats, talkingWhileMuted: host.calls.current?.muted === true, clipping: true };
  });
  expect(await screen.findByText(/Your microphone is too loud/)).toBeVisible();
  await user.click(screen.getByTestId("call-mute"));
  const hint = await screen.findByText(/You are talking while muted/);
  await user.click(within(hint.closest("[data-testid=call-trouble]") as HTMLElement).getByTestId("call-remedy"));
  await waitFor(() => expect(screen.queryByText(/You are talking while muted/)).toBeNull());
});

test("uncompressed sound that was given up is said", async () => {
  const { host, user } = await openOnline();
  await callUp(user, "bob");
  host.calls.set({ fellBack: true });
  expect(await screen.findByText(/Uncompressed sound was given up/)).toBeVisible();
});

test("another device of the system in a call is said", async () => {
  const { host, user } = await openOnline();
  await callUp(user, "bob");
  host.calls.set({ microphone: { kind: "open", name: "Headset" } });
  expect(await screen.findByText("Microphone: Headset")).toBeVisible();
});

test("the details open from the bar", async () => {
  const { user } = await openOnline();
  await callUp(user, "bob");
  expect(screen.queryByTestId("call-stats")).toBeNull();
  await user.click(screen.getByTestId("call-details"));
  const details = await screen.findByTestId("call-stats");
  for (const name of [
    "Codec",
    "Packet",
    "Bitrate",
    "On the wire",
    "Round trip",
    "Lost after repair",
    "Jitter target",
  ]) {
    expect(await within(details).findByText(name)).toBeVisible();
  }
  expect(details).toHaveTextContent("Mouth to ear 63 ms");
  expect(screen.getByTestId("call-details")).toHaveAttribute("aria-expanded", "true");
});

test("microphone, speaker and their volume are at hand in the bar", async () => {
  const { host, user } = await openOnline();
  const bob = await callUp(user, "bob");
  await user.click(screen.getByTestId("call-devices"));
  await user.selectOptions(await screen.findByTestId("device-input"), "mic-2");
  await waitFor(() => expect(host.sound.settings.input).toBe("mic-2"));
  expect(await screen.findByText("Microphone: Headset (USB) Mono")).toBeVisible();
  const gain = screen.getByTestId<HTMLInputElement>("peer-gain");
  gain.value = "-12";
  gain.dispatchEvent(new Event("input", { bubbles: true }));
  await waitFor(async () => expect((await host.peers()).find(({ id }) => id === bob)?.gainDb).toBe(-12));
  expect(screen.getByText("−12 dB")).toBeVisible();
});

test("meters are asked for only while a call shows them", async () => {
  const { host, user } = await openOnline("full", "never");
  const stats = vi.spyOn(host, "voiceStats");
  await open(user, "bob");
  await user.click(screen.getByTestId("call-start"));
  await waitFor(() => expect(state()).toHaveTextContent("Ringing"));
  expect(stats).not.toHaveBeenCalled();
  host.calls.set({ phase: "active", acceptedAt: Date.now() });
  await waitFor(() => expect(stats.mock.calls.length).toBeGreaterThan(2));
  await user.click(screen.getByTestId("call-end"));
  await waitFor(() => expect(screen.queryByTestId("call-bar")).toBeNull());
  const asked = stats.mock.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 350));
  expect(stats.mock.calls.length).toBe(asked);
});

test("a long name is cut before what is said of it", async () => {
  const { user } = await openOnline();
  await callUp(user, "Maximiliane");
  expect(state()).toHaveTextContent("Maximiliane-Alexandr… hears you");
});

test("Echo can be called", async () => {
  const { user } = await openOnline("empty");
  await user.click(screen.getByTestId("echo-start"));
  await waitFor(() => expect(screen.getByTestId("call-start")).toBeEnabled());
  await user.click(screen.getByTestId("call-start"));
  await waitFor(() => expect(state()).toHaveTextContent("Echo hears you"));
});

test("Disconnect ends the call in the window, too", async () => {
  const { host, user } = await openOnline();
  await callUp(user, "bob");
  await host.disconnect();
  await screen.findByTestId("connect-name");
  host.goOnline("alice", 47800);
  await screen.findAllByTestId("peer-row");
  expect(screen.queryByTestId("call-bar")).toBeNull();
});
