import type { PortMapping } from "../../src/host/host";
import type { MockHost } from "../../src/host/mock";
import type { Section } from "../../src/state/settings.svelte";
import type { GalleryPage } from "../page";
import type { Visitor } from "../visitor";

const INVITE = "p2p-comm:nina@198.51.100.9:47800,[2001:db8::9]:47801,nina.dyn.example.net:47800";
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

const OUTSIDE = "203.0.113.71:47800";
const ROUTERS: [string, PortMapping, string?][] = [
  ["asking", { kind: "asking" }],
  ["open", { kind: "open", address: OUTSIDE }, "[2001:db8:4f2:1a00:9c1e:71ff:fe3a:2b60]:47800"],
  ["carrier", { kind: "behindNat", address: "100.72.14.9" }],
  ["refused", { kind: "refused" }],
  ["silent", { kind: "noRouter" }],
];

const settings =
  (section: Section, more?: (visitor: Visitor) => Promise<void>) =>
  async (visitor: Visitor): Promise<void> => {
    await visitor.click("menu-me");
    await visitor.click("settings-open");
    await visitor.click(`settings-${section}`);
    await more?.(visitor);
  };

const exchange =
  (more?: (visitor: Visitor) => Promise<void>) =>
  async (visitor: Visitor): Promise<void> => {
    await visitor.click("add-peer");
    await visitor.find("invite-mine", "p2p-comm:");
    await more?.(visitor);
  };

/** The first two minutes, the settings, and the two small windows. */
const pages: GalleryPage[] = [
  { name: "connect", online: null },
  {
    name: "connect-wrong",
    online: null,
    act: async (visitor) => {
      await visitor.click("connect-submit");
      await visitor.find("connect-error");
    },
  },
  {
    name: "connect-suggested",
    online: null,
    act: async (visitor) => {
      await visitor.type("connect-name", "alice");
      await visitor.click("connect-suggest");
      await visitor.find("connect-strength");
    },
  },
  {
    name: "connect-failed",
    online: null,
    before: (host) => host.failNext("connect", "portInUse"),
    act: async (visitor) => {
      await visitor.type("connect-name", "alice");
      await visitor.type("connect-password", "correct horse battery ");
      await visitor.click("connect-advanced");
      await visitor.type("connect-port", "47999");
      await visitor.click("connect-submit");
      await visitor.find("connect-error");
    },
  },
  { name: "empty", mock: { people: "empty" } },
  { name: "add", mock: { people: "empty" }, act: exchange() },
  {
    name: "add-understood",
    mock: { people: "empty" },
    act: exchange(async (visitor) => {
      await visitor.click("invite-qr");
      await visitor.type("add-invite", INVITE);
      await visitor.find("add-understood", "3 addresses");
    }),
  },
  {
    name: "add-wrong",
    act: exchange(async (visitor) => {
      await visitor.type("add-invite", "see you later");
      await visitor.click("add-submit");
      await visitor.find("add-error");
    }),
  },
  {
    name: "add-by-hand",
    act: exchange(async (visitor) => {
      await visitor.click("add-by-hand");
      await visitor.find("add-host");
    }),
  },
  {
    name: "my-menu",
    act: async (visitor) => {
      await visitor.click("menu-me");
      await visitor.find("quit");
    },
  },
  ...ROUTERS.map(([name, mapping, pinhole = null]) => ({
    name: `settings-network-${name}`,
    before: (host: MockHost) => host.setNetwork({ mapping, pinhole }),
    act: settings("network"),
  })),
  ...SECTIONS.map((section) => ({ name: `settings-${section}`, act: settings(section) })),
  {
    name: "settings-audio-voice",
    act: settings("audio", async (visitor) => {
      await visitor.click("sound-transmit-voice");
      await visitor.click("mic-test-start");
      await visitor.find("mic-test-stop");
    }),
  },
  {
    name: "settings-audio-push-to-talk",
    act: settings("audio", async (visitor) => {
      await visitor.click("sound-transmit-pushToTalk");
      await visitor.find("sound-key");
    }),
  },
  {
    name: "settings-bare",
    before: (host) => host.setPlatform({ wayland: true, tray: false, globalShortcuts: false, profile: "second" }),
    act: settings("shortcuts"),
  },
  {
    name: "settings-keys",
    act: settings("shortcuts", async (visitor) => {
      (await visitor.find("keys-talk")).focus();
      await visitor.click("keys-talk");
      await visitor.press("v", { code: "KeyV" });
      await visitor.find("keys-talk-error");
    }),
  },
  {
    name: "settings-licences",
    act: settings("about", async (visitor) => {
      await visitor.click("licences-open");
      await visitor.find("licences");
    }),
  },
  { name: "settings-offline", online: null, act: (visitor) => visitor.click("connect-settings") },
  {
    name: "tray-hint",
    act: async (visitor, host) => {
      await visitor.open("bob");
      host.say({ kind: "notice", notice: "trayHint" });
      await visitor.find("tray-hint");
    },
  },
  { name: "popup", view: "popup", before: (host) => host.calls.ring(1) },
  { name: "popup-long-name", view: "popup", before: (host) => host.calls.ring(5) },
  {
    name: "popup-replies",
    view: "popup",
    before: (host) => host.calls.ring(5),
    act: (visitor) => visitor.click("popup-reject-with"),
  },
  {
    name: "popup-refused",
    view: "popup",
    before: (host) => {
      host.calls.ring(1);
      host.failNext("acceptCall", "noCall");
    },
    act: async (visitor) => {
      await visitor.click("popup-accept");
      await visitor.find("popup-error");
    },
  },
  { name: "popup-empty", view: "popup" },
  {
    name: "compact",
    view: "compact",
    before: (host) => {
      host.calls.ring(1);
      host.calls.set({ phase: "active", acceptedAt: Date.now() - 133_000, hearing: "heard" });
    },
  },
  {
    name: "compact-muted",
    view: "compact",
    before: (host) => {
      host.calls.ring(5);
      const since = Date.now() - 4_000_000;
      host.calls.set({ phase: "active", acceptedAt: since, hearing: "muted", muted: true, peerMuted: true });
    },
  },
  { name: "compact-incoming", view: "compact", before: (host) => host.calls.ring(5) },
  { name: "compact-searching", view: "compact", mock: { answer: "never" }, before: (host) => void host.startCall(1) },
];

export default pages;
