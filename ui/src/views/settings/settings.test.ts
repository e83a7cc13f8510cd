import { fireEvent, render, screen, waitFor, within } from "@testing-library/svelte";
import userEvent from "@testing-library/user-event";
import { expect, test } from "vitest";
import type { Platform } from "../../host/host";
import { MockHost } from "../../host/mock";
import Root from "../../Root.svelte";
import type { Section } from "../../state/settings.svelte";
import { expectAccessible, openOnline, openSettings } from "../../test/window";

const SECTIONS: Section[] = [
  "general",
  "audio",
  "privacy",
  "network",
  "notifications",
  "appearance",
  "shortcuts",
  "about",
];

async function openSection(section: Section, platform: Partial<Platform> = {}) {
  const stage = await openOnline();
  stage.host.setPlatform(platform);
  await openSettings(stage.user, section);
  return stage;
}

test("the parts are tabs, and the arrow keys go from one to the next", async () => {
  const { user } = await openSection("general");
  const tabs = within(screen.getByRole("tablist", { name: "Settings" })).getAllByRole("tab");
  expect(tabs.map((tab) => tab.textContent?.trim().toLowerCase())).toEqual(SECTIONS);
  expect(screen.getByTestId("settings-general")).toHaveFocus();
  await user.keyboard("{ArrowDown}{ArrowDown}");
  expect(screen.getByRole("tabpanel")).toContainElement(screen.getByTestId("allow-requests"));
  await user.keyboard("{End}");
  expect(screen.getByTestId("about-version")).toBeVisible();
});

test("what was shown last is shown again", async () => {
  const { user } = await openSection("network");
  await user.keyboard("{Escape}");
  await waitFor(() => expect(screen.queryByTestId("settings")).toBeNull());
  await user.click(screen.getByTestId("menu-me"));
  await user.click(await screen.findByTestId("settings-open"));
  expect(await screen.findByTestId("network-port")).toBeVisible();
});

test.each(SECTIONS)("axe finds nothing in %s", async (section) => {
  await openSection(section);
  await expectAccessible();
});

test.each([
  ["general-close-to-tray", { closeToTray: false }],
  ["general-start-at-login", { startAtLogin: true }],
  ["general-start-hidden", { startHidden: true }],
])("general: %s is handed over at once", async (testid, chosen) => {
  const { host, user } = await openSection("general");
  await user.click(screen.getByTestId(testid));
  await waitFor(async () => expect((await host.settings()).general).toMatchObject(chosen));
});

test("without a tray it says what closing does instead", async () => {
  const { host } = await openSection("general", { tray: false });
  expect(screen.getByText(/no tray at the moment, so the window is minimised/)).toBeVisible();
  host.setPlatform({ tray: true });
  await waitFor(() => expect(screen.getByText(/It stays in the tray/)).toBeVisible());
});

test("requests of strangers can be switched off", async () => {
  const { host, user } = await openSection("privacy");
  await user.click(screen.getByTestId("allow-requests"));
  await waitFor(() => expect(screen.queryByTestId("request-row")).toBeNull());
  expect((await host.settings()).privacy.allowRequests).toBe(false);
});

test("privacy leads to the blocked people and names the only file", async () => {
  const { user } = await openSection("privacy");
  expect(screen.getByTestId("privacy-file")).toHaveTextContent("settings.json");
  expect(screen.getByTestId("privacy-blocked")).toHaveTextContent("Show the one who is blocked");
  await user.click(screen.getByTestId("privacy-blocked"));
  await waitFor(() => expect(screen.queryByTestId("settings")).toBeNull());
});

test("a port is kept when the field is left, and an empty field means the first free one", async () => {
  const { host, user } = await openSection("network");
  const port = screen.getByTestId("network-port");
  await user.type(port, "50000{Tab}");
  await waitFor(async () => expect((await host.settings()).network.port).toBe(50000));
  await user.clear(port);
  await user.tab();
  await waitFor(async () => expect((await host.settings()).network.port).toBe(0));
});

test("what is no port is told, and the old one stays", async () => {
  const { host, user } = await openSection("network");
  await user.type(screen.getByTestId("network-port"), "70000{Tab}");
  expect(await screen.findByTestId("network-error")).toHaveTextContent("Type a number from 1 to 65535");
  expect((await host.settings()).network.port).toBe(0);
});

test("network says whether others get through, with the addresses", async () => {
  await openSection("network");
  expect(screen.getByTestId("network-reached")).toHaveTextContent("Not proved yet: nobody on another computer");
  expect(screen.getByRole("button", { name: "Copy address 192.0.2.1:47800" })).toBeVisible();
  expect(screen.getByText("None since you connected.")).toBeVisible();
});

test("network says what the router answered, and hands over whether it is asked", async () => {
  const { host, user } = await openSection("network");
  host.setNetwork({ mapping: { kind: "behindNat", address: "100.72.14.9" } });
  await waitFor(() =>
    expect(screen.getByTestId("network-router")).toHaveTextContent("Your router has no public address"),
  );
  await user.click(screen.getByTestId("map-port"));
  await waitFor(async () => expect((await host.settings()).network).toMatchObject({ port: 0, mapPort: false }));
});

test.each(["messages", "requests", "missedCalls", "showContent", "doNotDisturb"] as const)(
  "notifications: %s is handed over at once",
  async (kind) => {
    const { host, user } = await openSection("notifications");
    const before = (await host.settings()).notifications[kind];
    const testid = kind.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    await user.click(screen.getByTestId(`notify-${testid}`));
    await waitFor(async () => expect((await host.settings()).notifications[kind]).toBe(!before));
  },
);

test("how a call shows itself is chosen, and on Wayland the limit is told", async () => {
  const { host, user } = await openSection("notifications", { wayland: true });
  expect(screen.getByTestId("notify-wayland")).toBeVisible();
  await user.click(screen.getByTestId("notify-incoming-window"));
  await waitFor(async () => expect((await host.settings()).notifications.incoming).toBe("window"));
  expect(screen.queryByTestId("notify-wayland")).toBeNull();
});

test("the look is handed over at once", async () => {
  const { host, user } = await openSection("appearance");
  await user.selectOptions(screen.getByTestId("look-theme"), "dark");
  await user.selectOptions(screen.getByTestId("look-contrast"), "high");
  await user.selectOptions(screen.getByTestId("look-text"), "150");
  await waitFor(async () =>
    expect((await host.settings()).appearance).toEqual({ theme: "dark", contrast: "high", textPercent: 150 }),
  );
});

test("a shortcut is chosen by pressing it, and can be taken away", async () => {
  const { host, user } = await openSection("shortcuts");
  const mute = screen.getByTestId("keys-mute");
  expect(mute).toHaveTextContent("None");
  await user.click(mute);
  await user.keyboard("{Control>}{Shift>}");
  expect(mute).toHaveTextContent("Ctrl + Shift + …");
  await user.keyboard("m{/Shift}{/Control}");
  await waitFor(() => expect(mute).toHaveTextContent("Ctrl + Shift + M"));
  await waitFor(async () => expect((await host.settings()).shortcuts.mute).toBe("Control+Shift+KeyM"));
  await user.click(screen.getByRole("button", { name: "Mute: no keys" }));
  await waitFor(async () => expect((await host.settings()).shortcuts.mute).toBeNull());
});

test("keys that are needed elsewhere, and those of the other shortcut, are refused in words", async () => {
  const { host, user } = await openSection("shortcuts");
  await user.click(screen.getByTestId("keys-talk"));
  await user.keyboard("v");
  expect(screen.getByTestId("keys-talk-error")).toHaveTextContent("Hold Ctrl or Alt as well");
  await fireEvent.keyDown(screen.getByTestId("keys-talk"), { key: "F8", code: "F8" });
  await waitFor(async () => expect((await host.settings()).shortcuts.talk).toBe("F8"));
  await user.click(screen.getByTestId("keys-mute"));
  await fireEvent.keyDown(screen.getByTestId("keys-mute"), { key: "F8", code: "F8" });
  expect(screen.getByTestId("keys-mute-error")).toHaveTextContent("Another of these shortcuts has these keys.");
});

test("keys that accept and end calls are chosen likewise", async () => {
  const { host, user } = await openSection("shortcuts");
  for (const [deed, code] of [
    ["answer", "F9"],
    ["end", "F10"],
  ] as const) {
    expect(screen.getByTestId(`keys-${deed}`)).toHaveTextContent("None");
    await user.click(screen.getByTestId(`keys-${deed}`));
    await fireEvent.keyDown(screen.getByTestId(`keys-${deed}`), { key: code, code });
    await waitFor(async () => expect((await host.settings()).shortcuts[deed]).toBe(code));
  }
});

test("it stays quiet over a full screen unless one wants otherwise, and says where it cannot know", async () => {
  const { host, user } = await openSection("notifications");
  const quiet = screen.getByTestId("notify-full-screen");
  expect(quiet).toBeChecked();
  await user.click(quiet);
  await waitFor(async () => expect((await host.settings()).notifications.quietInFullScreen).toBe(false));
  host.setPlatform({ fullScreen: false, wayland: true });
  expect(await screen.findByTestId("notify-full-screen-unknown")).toHaveTextContent("On Wayland no program is told");
  expect(screen.queryByTestId("notify-full-screen")).toBeNull();
});

test("Escape leaves the shortcut and the settings as they are", async () => {
  const { host, user } = await openSection("shortcuts");
  await user.click(screen.getByTestId("keys-talk"));
  await user.keyboard("{Escape}");
  expect(screen.getByTestId("keys-talk")).toHaveTextContent("None");
  expect(screen.getByTestId("settings")).toBeVisible();
  expect((await host.settings()).shortcuts.talk).toBeNull();
});

test.each([
  [true, /On Wayland the desktop does not let programs listen for keys then/],
  [false, /This desktop does not let programs listen for keys/],
])("where no shortcut works everywhere it says so (Wayland: %s)", async (wayland, words) => {
  await openSection("shortcuts", { wayland, globalShortcuts: false });
  expect(screen.getByTestId("keys-none")).toHaveTextContent(words);
  expect(screen.queryByTestId("keys-talk")).toBeNull();
});

test("about names version, protocol, limits and what it is made of", async () => {
  const { user } = await openSection("about");
  expect(screen.getByTestId("about-version")).toHaveTextContent("0.1.0");
  expect(screen.getByTestId("about-version")).toHaveTextContent("p2p-comm/1");
  expect(screen.getByText(/Who talks to whom, when and how much/)).toBeVisible();
  await user.click(screen.getByTestId("licences-open"));
  const list = await screen.findByTestId("licences", {}, { timeout: 10_000 });
  expect(list).toHaveTextContent(/svelte5\.\d+\.\d+MIT/);
  expect(list).toHaveTextContent(/quinn0\.\d+/);
  expect(list).not.toHaveTextContent("vitest");
});

test("a change that was refused goes back and is told", async () => {
  const { host, user } = await openSection("general");
  host.failNext("setSettings", "internal");
  await user.click(screen.getByTestId("general-close-to-tray"));
  expect(await screen.findByTestId("toast")).toHaveTextContent("This program made a mistake");
  await waitFor(() => expect(screen.getByTestId("general-close-to-tray")).toBeChecked());
});

test("my menu switches everything quiet, and says so beside my name", async () => {
  const { host, user } = await openOnline();
  await user.click(screen.getByTestId("menu-me"));
  await user.click(await screen.findByTestId("do-not-disturb"));
  await waitFor(() => expect(screen.getByTestId("my-state")).toHaveTextContent("do not disturb"));
  expect((await host.settings()).notifications.doNotDisturb).toBe(true);
});

test("my menu quits", async () => {
  const { host, user } = await openOnline();
  await user.click(screen.getByTestId("menu-me"));
  await user.click(await screen.findByTestId("quit"));
  expect(host.stopped).toBe(true);
});

test.each([
  ["tray-hint-read", false, false],
  ["tray-hint-quit", true, false],
  ["tray-hint-settings", false, true],
] as const)("the hint of the tray waits for an answer: %s", async (testid, quits, settings) => {
  const { host, user } = await openOnline();
  host.say({ kind: "notice", notice: "trayHint" });
  expect(await screen.findByTestId("tray-hint")).toHaveTextContent("keeps running in the tray");
  await expectAccessible();
  await user.click(screen.getByTestId(testid));
  await waitFor(() => expect(screen.queryByTestId("tray-hint")).toBeNull());
  expect(host.dismissed).toEqual(["trayHint"]);
  expect(host.stopped).toBe(quits);
  if (settings) expect(await screen.findByTestId("general-close-to-tray")).toBeVisible();
});

test.each([
  ["quit-stay", false],
  ["quit-anyway", true],
] as const)("whoever quits before all is kept is asked: %s", async (testid, quits) => {
  const { host, user } = await openOnline();
  host.say({ kind: "notice", notice: "quitLoses" });
  expect(await screen.findByTestId("quit-loses")).toHaveTextContent("it is lost");
  await expectAccessible();
  await user.click(screen.getByTestId(testid));
  expect(host.stopped).toBe(quits);
  expect(host.dismissed).toEqual(quits ? [] : ["quitLoses"]);
});

test.each([
  ["settingsDamaged", /settings\.damaged\.json/],
  ["settingsReadOnly", /hold until you quit/],
  ["shortcutTaken", /Another program has one of your shortcuts/],
] as const)("the notice %s is told in words, once", async (notice, words) => {
  const { host } = await openOnline();
  host.say({ kind: "notice", notice });
  expect(await screen.findByTestId("toast")).toHaveTextContent(words);
  expect(host.dismissed).toEqual([notice]);
});

test("the settings can be opened before one connects", async () => {
  const host = new MockHost({ pace: 0 });
  render(Root, { host });
  await fireEvent.click(await screen.findByTestId("connect-settings"));
  await userEvent.setup().click(await screen.findByTestId("settings-network"));
  expect(await screen.findByText(/are shown here while you are connected/)).toBeVisible();
  await expectAccessible();
});
