/** What is remembered on this computer, for whoever asked for it: the profile, the messages, the password. */
import type { Code, Import, ProfileEntry, Remembered, Retention } from "../bindings.gen";

export type { Import, Retention, SealedBy } from "../bindings.gen";

/** How what is remembered is sealed. `passphrase` is UTF-8; the caller overwrites the array with zeros afterwards. */
export type Seal = { kind: "keychain" } | { kind: "passphrase"; passphrase: Uint8Array };

/** A profile that is open. `trouble`: why nothing new can be kept at the moment. */
export type OpenProfile = Extract<Remembered, { kind: "open" }>;
export type { ProfileEntry as Profile, Remembered } from "../bindings.gen";

/** What can be wrong with what is remembered. */
export type KeepCode = Extract<
  Code,
  | "notRemembered"
  | "alreadyRemembered"
  | "otherSeal"
  | "wrongPassphrase"
  | "invalidPassphrase"
  | "passphraseIsPassword"
  | "keychainAbsent"
  | "keychainLocked"
  | "keychainRefused"
  | "keychainWithoutKey"
  | "keychainFailed"
  | "keyLeft"
  | "noRememberedPassword"
  | "storeDamaged"
  | "storeNewer"
  | "storeInUse"
  | "storeGone"
  | "diskFull"
  | "diskReadOnly"
  | "storeFailed"
  | "listNotEmpty"
  | "vanishUnsupported"
  | "invalidExport"
  | "importTooLarge"
  | "conversationNotEmpty"
>;

export interface Keep {
  remembered(): Promise<Remembered>;
  /** Makes the store, and keeps from now on what there is. */
  remember(seal: Seal): Promise<void>;
  /** Opens what is there, or tries again to keep what could not be kept. `passphrase` null: what the keychain has. */
  unlock(passphrase: Uint8Array | null): Promise<void>;
  /** A session that keeps nothing: a keychain that is still asking the person opens nothing any more. */
  startWithout(): Promise<void>;
  /** Makes room for a new store where one cannot be used; nothing is deleted. Answers where the former one is. */
  setStoreAside(): Promise<string>;
  changeSeal(seal: Seal): Promise<void>;
  /**
   * How long the messages of a conversation are kept (`retention` null: as for all), or, with `peer` null, of all that
   * say nothing themselves. What is older, was read and delivered is deleted at once; what is in memory stays there.
   */
  setRetention(peer: number | null, retention: Retention | null): Promise<void>;
  /** Deletes the messages of a conversation, here alone. What waits to be sent is still sent. */
  clearConversation(peer: number): Promise<void>;
  /** Later messages of both disappear so long after they came or were acknowledged, s; null: they stay. */
  setVanishing(peer: number, after: number | null): Promise<void>;
  /** Keeps the password of this session in the keychain, or forgets the kept one. */
  rememberPassword(on: boolean): Promise<void>;
  /** Connects with the remembered password, which does not pass the page. */
  connectRemembered(): Promise<void>;
  /** Answers what was deleted, in words. */
  forgetEverything(): Promise<string[]>;
  /** Asks where; answers the path, or null if the person gave up. */
  exportConversation(peer: number, format: "text" | "json"): Promise<string | null>;
  /** Asks which file, for a conversation without lines; answers what came of it, or null if the person gave up. */
  importConversation(peer: number): Promise<Import | null>;
  profiles(): Promise<ProfileEntry[]>;
  /** Starts the program beside this one, or raises the one that runs. */
  openProfile(name: string | null): Promise<void>;
  /** Deletes settings and store of a profile that does not run. Answers what was deleted, in words. */
  deleteProfile(name: string | null): Promise<string[]>;
}
