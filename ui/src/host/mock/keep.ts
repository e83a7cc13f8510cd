import type { Import, KeepCode, OpenProfile, Profile, Remembered, Retention, Seal, SealedBy } from "../host";
import { MockCalling } from "./calling";
import { error } from "./error";

const DAY = 86_400_000;
/** How old a line may become, ms. */
export const KEPT_FOR: Record<Retention, number> = {
  off: 0,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
  forever: Number.POSITIVE_INFINITY,
};

/** The part of the mock that remembers, if asked. */
export abstract class MockKeep extends MockCalling {
  kept: Remembered = { kind: "off" };
  /** Where an export is saved, and what comes of an import; null: the person gives up. */
  saveAs: string | null = "/home/alice/bob.txt";
  imported: Import | null = { lines: 12, tooOld: 0, kept: true, from: "bob" };
  others: Profile[] = [];
  /** Whether a search looks at everything. */
  complete = true;
  /** Which profiles were started or raised. */
  started: (string | null)[] = [];
  /** What opens a profile that is locked. */
  #passphrase = "";
  #lost = false;
  #inside: OpenProfile = { ...FRESH };

  protected abstract me(): { name: string | null; port: number | null };
  /** The people of a profile are there, offline. */
  protected abstract load(): void;
  /** Nobody is there any more, unless connected. */
  protected abstract unload(): void;
  /** Messages of this conversation are kept so long from now on; null: as for all. */
  protected abstract retain(peer: number, retention: Retention | null): void;
  /** Its lines go. */
  protected abstract clear(peer: number): void;
  protected abstract vanish(peer: number, after: number | null): void;

  // What a test or a screenshot may do to the world outside.

  /** As after a start of somebody who asked to be remembered. */
  wakeUp(some: Partial<OpenProfile> = {}): void {
    this.#inside = { ...FRESH, name: "alice", port: 47800, ...some };
    this.#open();
  }

  /** The same, and the profile does not open by itself. A passphrase opens it. */
  wakeUpLocked(how: SealedBy, code: KeepCode | null, passphrase = "open sesame"): void {
    this.#inside = { ...FRESH, how, name: "alice", port: 47800 };
    this.#passphrase = passphrase;
    this.#become({ kind: "locked", how, code });
  }

  /** What is there cannot be used. */
  breakDown(code: KeepCode): void {
    this.#inside.name ??= "alice";
    this.#become({ kind: "failed", code });
  }

  /** Nothing new can be kept at the moment. */
  stall(code: KeepCode): void {
    this.#change({ trouble: code });
  }

  /** Somebody takes the password out of the keychain, which is found out when it is asked for. */
  losePassword(): void {
    this.#lost = true;
  }

  // The host.

  async remembered(): Promise<Remembered> {
    return structuredClone(this.kept);
  }

  async remember(seal: Seal): Promise<void> {
    this.check("remember");
    this.#seal(seal);
    const { name, port } = this.me();
    this.#inside = { ...FRESH, how: seal.kind, name, port, nextConnect: name !== null };
    this.#become(this.#inside);
  }

  async unlock(passphrase: Uint8Array | null): Promise<void> {
    this.check("unlock");
    if (this.kept.kind === "open") return this.#change({ trouble: null });
    if (this.kept.kind === "locked" && this.kept.how === "passphrase") {
      const right = passphrase !== null && new TextDecoder().decode(passphrase) === this.#passphrase;
      if (!right) {
        this.#become({ ...this.kept, code: "wrongPassphrase" });
        throw error("wrongPassphrase");
      }
    }
    this.#open();
  }

  async startWithout(): Promise<void> {
    this.check("startWithout");
  }

  async setStoreAside(): Promise<string> {
    this.check("setStoreAside");
    this.#become({ kind: "off" });
    return "/home/alice/.local/share/p2p-comm/store.db.aside-1800000000000";
  }

  async changeSeal(seal: Seal): Promise<void> {
    this.check("changeSeal");
    this.#seal(seal);
    this.#change({ how: seal.kind });
  }

  async setRetention(peer: number | null, retention: Retention | null): Promise<void> {
    this.check("setRetention");
    if (peer !== null) return this.retain(peer, retention);
    this.#change({ retention: retention ?? "off" });
  }

  async clearConversation(peer: number): Promise<void> {
    this.check("clearConversation");
    this.clear(peer);
  }

  async setVanishing(peer: number, after: number | null): Promise<void> {
    this.check("setVanishing");
    this.vanish(peer, after);
  }

  async rememberPassword(on: boolean): Promise<void> {
    this.check("rememberPassword");
    if (on && this.me().name === null) throw error("notConnected");
    this.#lost = false;
    this.#change({ passwordRemembered: on });
  }

  async connectRemembered(): Promise<void> {
    this.check("connectRemembered");
    if (this.#lost) this.#change({ passwordRemembered: false });
    if (this.kept.kind !== "open" || !this.kept.passwordRemembered) throw error("noRememberedPassword");
    const { name, port } = this.kept;
    await this.connect(name ?? "alice", new Uint8Array([1]), port ?? 0);
  }

  async forgetEverything(): Promise<string[]> {
    this.check("forgetEverything");
    const password = this.#inside.passwordRemembered ? ["The remembered password, from the keychain"] : [];
    const key = this.#inside.how === "keychain" ? ["The key of the store, from the keychain"] : [];
    this.#become({ kind: "off" });
    this.unload();
    return [
      "/home/alice/.local/share/p2p-comm/store.db",
      "/home/alice/.local/share/p2p-comm/store.key.json",
      ...key,
      ...password,
    ];
  }

  async exportConversation(): Promise<string | null> {
    this.check("exportConversation");
    return this.saveAs;
  }

  async importConversation(): Promise<Import | null> {
    this.check("importConversation");
    return this.imported;
  }

  async profiles(): Promise<Profile[]> {
    const here = { name: this.desk.profile, current: true, remembered: this.kept.kind !== "off", running: true };
    return [here, ...this.others];
  }

  async openProfile(name: string | null): Promise<void> {
    this.check("openProfile");
    this.started.push(name);
    const old = this.others.find((one) => one.name === name);
    if (old) old.running = true;
    else this.others.push({ name, current: false, remembered: false, running: true });
  }

  async deleteProfile(name: string | null): Promise<string[]> {
    this.check("deleteProfile");
    if (this.others.find((one) => one.name === name)?.running) throw error("storeInUse");
    this.others = this.others.filter((one) => one.name !== name);
    return [`/home/alice/.config/p2p-comm/profiles/${name}/settings.json`];
  }

  protected abstract connect(name: string, password: Uint8Array, port: number): Promise<void>;

  /** One connected: from then on that is the name and the port of the next time. */
  protected connected(): void {
    if (this.kept.kind === "open") this.#change({ ...this.me(), nextConnect: false });
  }

  #seal(seal: Seal): void {
    if (seal.kind === "keychain") return;
    this.#passphrase = new TextDecoder().decode(seal.passphrase);
    if (!this.#passphrase) throw error("invalidPassphrase");
  }

  #open(): void {
    this.kept = this.#inside;
    this.load();
    this.#become(this.#inside);
  }

  #change(some: Partial<OpenProfile>): void {
    if (this.kept.kind !== "open") throw error("notRemembered");
    this.#inside = { ...this.#inside, ...some };
    this.#become(this.#inside);
  }

  #become(kept: Remembered): void {
    this.kept = kept;
    this.tell({ status: true, peers: true });
  }
}

const FRESH: OpenProfile = {
  kind: "open",
  how: "keychain",
  trouble: null,
  name: null,
  port: null,
  passwordRemembered: false,
  retention: "off",
  nextConnect: false,
};
