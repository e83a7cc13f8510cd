import type { KeepCode } from "../../src/host/host";
import type { MockHost } from "../../src/host/mock";
import type { GalleryPage } from "../page";
import type { Visitor } from "../visitor";

const TROUBLES: KeepCode[] = ["storeDamaged", "storeNewer", "storeInUse", "storeGone", "diskFull", "diskReadOnly"];
const KEYCHAIN: KeepCode[] = [
  "keychainAbsent",
  "keychainLocked",
  "keychainRefused",
  "keychainFailed",
  "keychainWithoutKey",
];

async function dialog(visitor: Visitor, name = "bob"): Promise<void> {
  await visitor.open(name);
  await visitor.click("peer-menu");
  await visitor.click("peer-keep");
  await visitor.find("peer-retention");
}

async function clear(visitor: Visitor, name: string): Promise<void> {
  await visitor.open(name);
  await visitor.click("peer-menu");
  await visitor.click("peer-clear");
  await visitor.find("clear-submit");
}

/** Messages with bob are kept for a month. */
async function month(host: MockHost): Promise<void> {
  host.wakeUp();
  await host.setRetention(1, "month");
}

async function settings(visitor: Visitor, section: "general" | "privacy", then: string): Promise<void> {
  await visitor.click("menu-me");
  await visitor.click("settings-open");
  await visitor.click(`settings-${section}`);
  await visitor.find(then);
}

/** What is remembered: asked for, opened, broken, chosen, forgotten. */
const pages: GalleryPage[] = [
  {
    name: "remember",
    online: null,
    act: async (visitor) => {
      await visitor.click("remember");
      await visitor.find("remember-password");
    },
  },
  {
    name: "remember-passphrase",
    online: null,
    act: async (visitor) => {
      await visitor.click("remember");
      await visitor.click("seal-passphrase");
      await visitor.type("seal-secret", "");
      await visitor.find("seal-again");
    },
  },
  {
    name: "remember-password-as-passphrase",
    online: null,
    act: async (visitor) => {
      await visitor.click("remember");
      await visitor.click("seal-passphrase");
      for (const field of ["connect-password", "seal-secret", "seal-again"]) await visitor.type(field, "four words");
      await visitor.click("connect-submit");
      await visitor.find("seal-error");
    },
  },
  {
    name: "set-aside",
    online: null,
    before: (host) => host.breakDown("storeDamaged"),
    act: async (visitor) => {
      await visitor.click("unlock-aside");
      await visitor.find("set-aside");
    },
  },
  {
    name: "password-lost",
    online: null,
    before: (host) => host.wakeUp({ passwordRemembered: true }),
    act: async (visitor, host) => {
      host.losePassword();
      await visitor.click("reconnect-submit");
      await visitor.find("reconnect-error");
    },
  },
  {
    name: "connect-failed",
    online: null,
    before: (host) => host.wakeUp({ passwordRemembered: true }),
    act: async (visitor, host) => {
      await visitor.find("reconnect-submit");
      host.say({ kind: "notice", notice: { connectFailed: "portInUse" } });
      await visitor.find("toast");
    },
  },
  { name: "offline", online: null, before: (host) => host.wakeUp() },
  { name: "offline-password", online: null, before: (host) => host.wakeUp({ passwordRemembered: true }) },
  { name: "offline-nobody", online: null, mock: { people: "empty" }, before: (host) => host.wakeUp() },
  {
    name: "offline-conversation",
    online: null,
    before: (host) => host.wakeUp(),
    act: (visitor) => visitor.open("bob"),
  },
  {
    name: "offline-connect",
    online: null,
    before: (host) => host.wakeUp(),
    act: async (visitor) => {
      await visitor.click("connect-again");
      await visitor.find("reconnect-password");
    },
  },
  { name: "opening", online: null, before: (host) => host.wakeUpLocked("keychain", null) },
  { name: "unlock", online: null, before: (host) => host.wakeUpLocked("passphrase", null) },
  {
    name: "unlock-wrong",
    online: null,
    before: (host) => host.wakeUpLocked("passphrase", null),
    act: async (visitor) => {
      await visitor.type("unlock-passphrase", "open barley");
      await visitor.click("unlock-submit");
      await visitor.find("unlock-error");
    },
  },
  ...KEYCHAIN.map((code): GalleryPage => {
    return { name: `locked-${kebab(code)}`, online: null, before: (host) => host.wakeUpLocked("keychain", code) };
  }),
  ...TROUBLES.map((code): GalleryPage => {
    return { name: `failed-${kebab(code)}`, online: null, before: (host) => host.breakDown(code) };
  }),
  {
    name: "without",
    online: null,
    before: (host) => host.wakeUpLocked("passphrase", null),
    act: async (visitor) => {
      await visitor.click("unlock-without");
      await visitor.find("remembered-without");
    },
  },
  {
    name: "keep-trouble",
    before: (host) => host.wakeUp(),
    act: async (visitor, host) => {
      await visitor.open("bob");
      host.stall("diskFull");
      await visitor.click("keep-trouble");
      await visitor.find("keep-retry");
    },
  },
  {
    name: "keep-trouble-aside",
    before: (host) => host.wakeUp(),
    act: async (visitor, host) => {
      await visitor.open("bob");
      host.stall("storeDamaged");
      await visitor.click("keep-trouble");
      await visitor.find("keep-aside");
    },
  },
  {
    name: "settings-set-aside",
    before: (host) => host.wakeUp(),
    act: async (visitor, host) => {
      host.stall("storeDamaged");
      await visitor.click("keep-trouble");
      await visitor.click("keep-aside");
      await visitor.find("keep-set-aside");
    },
  },
  {
    name: "forget",
    online: null,
    before: (host) => host.wakeUpLocked("passphrase", null),
    act: async (visitor) => {
      await visitor.click("unlock-forget");
      await visitor.find("forget-submit");
    },
  },
  {
    name: "forgotten",
    before: (host) => host.wakeUp({ passwordRemembered: true }),
    act: async (visitor) => {
      await settings(visitor, "privacy", "keep-forget");
      await visitor.click("keep-forget");
      await visitor.click("forget-submit");
      await visitor.find("gone");
    },
  },
  {
    name: "settings-remembered",
    before: (host) => host.wakeUp({ passwordRemembered: true, retention: "month" }),
    act: (visitor) => settings(visitor, "privacy", "keep-forget"),
  },
  {
    name: "settings-remembered-next",
    act: async (visitor, host) => {
      await host.remember({ kind: "keychain" });
      await settings(visitor, "privacy", "keep-next");
    },
  },
  {
    name: "settings-without",
    before: (host) => host.wakeUpLocked("passphrase", null),
    act: (visitor) => settings(visitor, "privacy", "keep-closed"),
  },
  {
    name: "seal",
    before: (host) => host.wakeUp(),
    act: async (visitor) => {
      await settings(visitor, "privacy", "keep-seal");
      await visitor.click("keep-seal");
      await visitor.find("seal-submit");
    },
  },
  { name: "keep", before: (host) => month(host), act: (visitor) => dialog(visitor) },
  { name: "keep-long-name", before: (host) => host.wakeUp(), act: (visitor) => dialog(visitor, "Maximiliane") },
  { name: "keep-not-remembered", act: (visitor) => dialog(visitor) },
  {
    name: "keep-shorter",
    before: (host) => month(host),
    act: async (visitor) => {
      await dialog(visitor);
      await visitor.choose("peer-retention", "day");
      await visitor.find("peer-retention-sure");
    },
  },
  {
    name: "clear",
    before: (host) => month(host),
    act: (visitor) => clear(visitor, "bob"),
  },
  { name: "clear-long-name", act: (visitor) => clear(visitor, "Maximiliane") },
  {
    name: "search-incomplete",
    before: (host) => {
      host.wakeUp();
      host.complete = false;
    },
    act: async (visitor) => {
      await visitor.type("search", "is");
      await visitor.find("search-incomplete");
    },
  },
  {
    name: "vanishing",
    before: async (host) => {
      host.wakeUp();
      await host.setVanishing(1, 3600);
    },
    act: (visitor) => visitor.open("bob"),
  },
  {
    name: "profiles",
    before: (host) => {
      host.others = [
        { name: "work", current: false, remembered: true, running: false },
        { name: "a-very-long-name-of-a-profile-32", current: false, remembered: false, running: true },
      ];
    },
    act: async (visitor) => {
      await settings(visitor, "general", "profiles");
      const rows = await visitor.find("profile", "work");
      rows.scrollIntoView();
      await visitor.click("profile-delete");
      await visitor.find("profile-delete-sure");
    },
  },
];
export default pages;

function kebab(code: KeepCode): string {
  return code.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
