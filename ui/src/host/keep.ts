/** What is remembered on this computer, for whoever asked for it: the profile, the messages, the password. */

/** How long messages are kept. "off": in memory only, as long as the program runs. */
export type Retention = "off" | "day" | "week" | "month" | "forever";

/** What the key of the store is sealed with. */
export type SealKind = "keychain" | "passphrase";

/** `passphrase` is UTF-8; the caller overwrites the array with zeros afterwards. */
export type Seal = { kind: "keychain" } | { kind: "passphrase"; passphrase: Uint8Array };

/** Why a profile is not open, or does not become so. */
export type KeepCode =
  | "wrongPassphrase"
  | "invalidPassphrase"
  | "keychainAbsent"
  | "keychainLocked"
  | "keychainRefused"
  | "keychainEmpty"
  | "storeDamaged"
  | "storeNewer"
  | "storeInUse"
  | "storeGone"
  | "storeFailed"
  | "diskFull"
  | "readOnly"
  | "notRemembered"
  | "noPassword"
  | "vanishUnsupported"
  | "invalidImport"
  | "fileFailed"
  | "profileRunning";

/** A profile that is open. */
export interface OpenProfile {
  kind: "open";
  how: SealKind;
  /** As whom one connected last; null: never yet. */
  name: string | null;
  /** The port of the last time. */
  port: number | null;
  passwordRemembered: boolean;
  /** Of conversations that begin from now on. */
  retention: Retention;
  /** The key of this device becomes a lasting one at the next Connect. */
  nextConnect: boolean;
}

/** How it stands with what is remembered. */
export type Remembered =
  | { kind: "off" }
  /** `code`: why the last try to open it failed. */
  | { kind: "locked"; how: SealKind; code: KeepCode | null }
  | OpenProfile
  | { kind: "failed"; code: KeepCode };

/** One of the programs that may run side by side. */
export interface Profile {
  /** null: the one without a name. */
  name: string | null;
  current: boolean;
  remembered: boolean;
  running: boolean;
}

export interface Keep {
  remembered(): Promise<Remembered>;
  /** Makes the store, and keeps from now on what there is. */
  remember(seal: Seal): Promise<void>;
  /** `passphrase` null: what the keychain has. The caller overwrites the array with zeros afterwards. */
  unlock(passphrase: Uint8Array | null): Promise<void>;
  changeSeal(seal: Seal): Promise<void>;
  /** `peer` null: of conversations that begin from now on. Answers how many lines were deleted. */
  setRetention(peer: number | null, retention: Retention): Promise<number>;
  /** Later messages of both disappear this long after they were sent or came, s; 0: they stay. */
  setVanishing(peer: number, seconds: number): Promise<void>;
  /** Keeps the password of this session in the keychain, or forgets the kept one. */
  rememberPassword(on: boolean): Promise<void>;
  /** Connects with the remembered password, which does not pass the page. */
  connectRemembered(): Promise<void>;
  /** Answers what was deleted, in words. */
  forgetEverything(): Promise<string[]>;
  /** Asks where; answers the path, or null if the person gave up. */
  exportConversation(peer: number, format: "text" | "json"): Promise<string | null>;
  /** Asks which file; answers how many lines were added, or null if the person gave up. */
  importConversation(peer: number): Promise<number | null>;
  profiles(): Promise<Profile[]>;
  /** Starts the program beside this one, or raises the one that runs. */
  openProfile(name: string | null): Promise<void>;
  /** Deletes settings and store of a profile that does not run. Answers what was deleted, in words. */
  deleteProfile(name: string | null): Promise<string[]>;
}
