import type { Host, PeerSnapshot } from "../host/host";
import { Pull } from "./pull";

/** The people of my list. */
export class Peers {
  list: PeerSnapshot[] = $state.raw([]);
  /** Whether the first answer is there: before it, nobody knows that the list is empty. */
  known = $state(false);
  #pull: Pull;
  #gains = new Map<number, number>();
  #gain: Pull;

  constructor(host: Host) {
    this.#pull = new Pull(async () => {
      const list = await host.peers();
      this.list = list.map((peer) => ({ ...peer, gainDb: this.#gains.get(peer.id) ?? peer.gainDb })).sort(inOrder);
      this.known = true;
    });
    this.#gain = new Pull(async () => {
      for (const [peer, gainDb] of [...this.#gains]) {
        try {
          await host.setPeerGain(peer, gainDb);
        } finally {
          // A slider that moved on in the meantime has its newer value handed over next.
          if (this.#gains.get(peer) === gainDb) this.#gains.delete(peer);
        }
      }
    });
  }

  /** What the list shows: the blocked have their own, unless their conversation is open. */
  listed(open: number | null): PeerSnapshot[] {
    return this.list.filter((peer) => !isBlocked(peer) || peer.id === open);
  }

  get blocked(): PeerSnapshot[] {
    return this.list.filter(isBlocked);
  }

  /** Those whose name or address holds the text. */
  matching(text: string): PeerSnapshot[] {
    const wanted = text.toLocaleLowerCase();
    if (!wanted) return [];
    return this.list.filter(({ label, name, host }) =>
      [label, name, host].some((one) => one?.toLocaleLowerCase().includes(wanted)),
    );
  }

  get unread(): number {
    return this.list.reduce((sum, peer) => sum + peer.unread, 0);
  }

  find(id: number): PeerSnapshot | null {
    return this.list.find((peer) => peer.id === id) ?? null;
  }

  /** How much louder somebody is played, dB. Shown at once; of a moving slider only the newest value is handed over. */
  setGain(id: number, gainDb: number): Promise<void> {
    this.#gains.set(id, gainDb);
    this.list = this.list.map((peer) => (peer.id === id ? { ...peer, gainDb } : peer));
    return this.#gain.run();
  }

  refresh(): Promise<void> {
    return this.#pull.run();
  }

  clear(): void {
    this.list = [];
    this.known = false;
  }
}

function isBlocked({ state }: PeerSnapshot): boolean {
  return state.kind === "blocked";
}

/** The pinned first, then those with whom something was said, the last first, then by name. */
function inOrder(a: PeerSnapshot, b: PeerSnapshot): number {
  const pinned = Number(b.pinned) - Number(a.pinned);
  const place = (a.place ?? Infinity) - (b.place ?? Infinity);
  return pinned || place || a.label.localeCompare(b.label) || a.id - b.id;
}
