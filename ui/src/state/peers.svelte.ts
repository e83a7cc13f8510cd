import type { Host, PeerSnapshot } from "../host/host";
import { Pull } from "./pull";

/** The people of my list. */
export class Peers {
  list: PeerSnapshot[] = $state.raw([]);
  search = $state("");
  #pull: Pull;

  constructor(host: Host) {
    this.#pull = new Pull(async () => {
      this.list = (await host.peers()).sort(byActivity);
    });
  }

  /** What the list shows: all, or those that match the search. */
  get shown(): PeerSnapshot[] {
    const wanted = this.search.trim().toLocaleLowerCase();
    if (!wanted) return this.list;
    return this.list.filter(({ label, name, host }) =>
      [label, name, host].some((text) => text?.toLocaleLowerCase().includes(wanted)),
    );
  }

  get unread(): number {
    return this.list.reduce((sum, peer) => sum + peer.unread, 0);
  }

  find(id: number): PeerSnapshot | null {
    return this.list.find((peer) => peer.id === id) ?? null;
  }

  refresh(): Promise<void> {
    return this.#pull.run();
  }

  clear(): void {
    this.list = [];
    this.search = "";
  }
}

/** The newest conversation first, then by name. */
function byActivity(a: PeerSnapshot, b: PeerSnapshot): number {
  return (b.last?.at ?? 0) - (a.last?.at ?? 0) || a.label.localeCompare(b.label) || a.id - b.id;
}
