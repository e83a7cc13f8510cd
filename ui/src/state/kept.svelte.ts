import type { Code, Host, OpenProfile, PeerSnapshot, Profile, Remembered, Retention, Seal } from "../host/host";
import { Pull } from "./pull";

/** What may be there however often one tries. */
const LOST: (Code | null)[] = ["storeDamaged", "storeNewer", "storeFailed", "keychainWithoutKey", "wrongPassphrase"];

/** What is remembered on this computer. */
export class Kept {
  now: Remembered = $state.raw({ kind: "off" });
  /** Whether the first answer is there: before it, no view is right. */
  known = $state(false);
  /** The person goes on without what is locked or broken. Nothing is kept then, and nothing of it touched. */
  without = $state(false);
  /** Where a store lies that was set aside since this page is shown. */
  aside: string | null = $state(null);
  profiles: Profile[] = $state.raw([]);
  #host: Host;
  #pull: Pull;
  #others: Pull;

  constructor(host: Host) {
    this.#host = host;
    this.#pull = new Pull(async () => {
      this.now = await host.remembered();
      this.known = true;
      if (this.now.kind === "off" || this.now.kind === "open") this.without = false;
    });
    this.#others = new Pull(async () => {
      this.profiles = await host.profiles();
    });
  }

  /** The profile that is open. */
  get open(): OpenProfile | null {
    return this.now.kind === "open" ? this.now : null;
  }

  /** There are people to show although one is not connected. */
  get home(): boolean {
    return this.open !== null && this.open.name !== null;
  }

  /** The keychain is being asked, which may ask the person. */
  get opening(): boolean {
    return this.now.kind === "locked" && this.now.how === "keychain" && this.now.code === null;
  }

  /** It may never open or be written again, so that one may want to begin anew without losing it. */
  get lost(): boolean {
    if (this.now.kind === "off") return false;
    if (this.now.kind === "open") return LOST.includes(this.now.trouble);
    // Nobody may know the passphrase any more.
    const asks = this.now.kind === "locked" && this.now.how === "passphrase" && this.now.code === null;
    return asks || LOST.includes(this.now.code);
  }

  /** Something has to be said or done before one goes on. */
  get closed(): boolean {
    return (this.now.kind === "locked" || this.now.kind === "failed") && !this.without;
  }

  refresh(): Promise<void> {
    return this.#pull.run();
  }

  remember(seal: Seal): Promise<void> {
    return this.#sealing(seal, this.#host.remember(seal));
  }

  changeSeal(seal: Seal): Promise<void> {
    return this.#sealing(seal, this.#host.changeSeal(seal));
  }

  /** `passphrase` null: with what the keychain has. */
  async unlock(passphrase: Uint8Array | null): Promise<void> {
    try {
      await this.#host.unlock(passphrase);
    } finally {
      passphrase?.fill(0);
      await this.refresh();
    }
  }

  /** A session that keeps nothing, also if a keychain that is still asking should agree. */
  async startWithout(): Promise<void> {
    await this.#host.startWithout();
    this.without = true;
  }

  /** Nothing of it is deleted; afterwards one can begin anew. */
  async setAside(): Promise<void> {
    this.aside = await this.#host.setStoreAside();
    await this.refresh();
  }

  async rememberPassword(on: boolean): Promise<void> {
    await this.#host.rememberPassword(on);
    await this.refresh();
  }

  async retain(peer: number | null, retention: Retention | null): Promise<void> {
    await this.#host.setRetention(peer, retention);
    await this.refresh();
  }

  /** How long messages of somebody are kept. */
  retention(peer: Pick<PeerSnapshot, "retention" | "echo">): Retention {
    return peer.echo ? "off" : (peer.retention ?? this.open?.retention ?? "off");
  }

  /** Answers what was deleted. */
  async forget(): Promise<string[]> {
    const gone = await this.#host.forgetEverything();
    await this.refresh();
    return gone;
  }

  look(): Promise<void> {
    return this.#others.run();
  }

  /** The passphrase is wiped, whatever comes of it. */
  async #sealing(seal: Seal, work: Promise<void>): Promise<void> {
    try {
      await work;
    } finally {
      if (seal.kind === "passphrase") seal.passphrase.fill(0);
      await this.refresh();
    }
  }
}
