import type { PeerAddress, PeerSnapshot, PeerState, Retention } from "../host";
import type { Answer } from "./calls";
import { MockConversation } from "./conversation";
import { error } from "./error";
import { KEPT_FOR, MockKeep } from "./keep";
import { everybody, manyLines, type Person } from "./people";

export interface MockOptions {
  /** Everybody, or nobody yet. */
  people?: "full" | "empty";
  /** Multiplies every delay; 0 for tests. */
  pace?: number;
  /** Lines of a very long conversation with bob. */
  lines?: number;
  /** How long a page of a conversation is on its way, as from a disk, ms. */
  late?: number;
  /** What people do who are called. */
  answer?: Answer;
}

export interface Peer extends Omit<PeerSnapshot, "unread" | "last" | "place" | "trying" | "draft" | "keepsMessages"> {
  /** Counts connections: each has words of its own. */
  connection: number;
  /** All there are; the first is the one shown. */
  addresses: PeerAddress[];
  written: string;
  talk: MockConversation;
  /** How it stood before we went offline. */
  before?: PeerState;
}

/** The part of the mock that knows people, each with a conversation. */
export abstract class MockRoster extends MockKeep {
  protected readonly options: Required<MockOptions>;
  protected everyone: Peer[] = [];
  #removed = new Map<number, Peer>();
  #next = 1;

  constructor(options: MockOptions) {
    super(options.answer);
    this.options = { people: "full", pace: 1, lines: 0, late: 0, answer: "accept", ...options };
  }

  protected abstract get offline(): boolean;

  // What a test or a screenshot may do to the world outside.

  setState(peer: number, state: PeerState): void {
    this.entry(peer).state = state;
    this.tell({ peers: true, status: true });
  }

  /** A new connection takes the place of the one there is. */
  reconnect(peer: number): void {
    this.change(peer, { connection: this.entry(peer).connection + 1 });
  }

  // The host.

  async peerOfCall(): Promise<PeerSnapshot | null> {
    return (await this.peers()).find(({ id }) => id === this.calls.current?.peer) ?? null;
  }

  async peers(): Promise<PeerSnapshot[]> {
    const said = this.everyone.filter(({ talk }) => talk.last !== null);
    said.sort((a, b) => (b.talk.last?.at ?? 0) - (a.talk.last?.at ?? 0));
    return [true, false]
      .flatMap((pinned) => this.everyone.filter((peer) => peer.pinned === pinned))
      .map(({ talk, addresses, written, before, connection, ...peer }) => ({
        ...peer,
        keepsMessages: this.#retention(peer) !== "off",
        unread: talk.unread,
        last: talk.last,
        place: talk.last && said.findIndex(({ id }) => id === peer.id),
        draft: written.slice(0, 120),
        trying: DIALLED.includes(peer.state.kind) ? addresses.map(({ host, port }) => `${host}:${port}`) : [],
      }));
  }

  async addPeer(label: string, addresses: PeerAddress[]): Promise<number> {
    this.check("addPeer");
    if (!label.trim()) throw error("invalidName");
    const [shown] = addresses;
    if (!shown || addresses.some(({ host }) => !/^[\p{L}\p{N}.:_-]{1,253}$/u.test(host))) throw error("invalidAddress");
    const { host, port } = shown;
    if (this.everyone.some((peer) => peer.host === host && peer.port === port)) throw error("duplicatePeer");
    const peer = this.admit({ label, host, port, state: { kind: "resolving" }, key: null }, Date.now());
    peer.addresses = addresses;
    this.tell({ peers: true, status: true });
    void this.#dial(peer);
    return peer.id;
  }

  async renamePeer(id: number, label: string): Promise<void> {
    this.check("renamePeer");
    if (!label.trim()) throw error("invalidName");
    this.change(id, { label: label.trim() });
  }

  async setPeerMuted(id: number, muted: boolean): Promise<void> {
    this.change(id, { muted });
  }

  async setPeerPinned(id: number, pinned: boolean): Promise<void> {
    this.change(id, { pinned });
  }

  async phrase(id: number): Promise<string | null> {
    const { state, connection } = this.entry(id);
    return state.kind === "connected" ? (PHRASES[connection % PHRASES.length] ?? null) : null;
  }

  async setVerified(id: number, compared: string | null): Promise<void> {
    this.check("setVerified");
    if (compared !== null && compared !== (await this.phrase(id))) throw error("wordsChanged");
    this.change(id, { verified: compared !== null });
  }

  async removePeer(id: number): Promise<void> {
    this.check("removePeer");
    this.#removed.set(id, this.entry(id));
    this.everyone = this.everyone.filter((peer) => peer.id !== id);
    this.tell({ peers: true, status: true });
  }

  async restorePeer(id: number): Promise<void> {
    const peer = this.#removed.get(id);
    if (!peer) throw error("notFound");
    this.#removed.delete(id);
    this.everyone.push(peer);
    this.tell({ peers: true, status: true });
  }

  async blockPeer(id: number): Promise<void> {
    this.setState(id, { kind: "blocked" });
  }

  async unblockPeer(id: number): Promise<void> {
    void this.#dial(this.entry(id));
  }

  async retryPeer(id: number): Promise<void> {
    this.check("retryPeer");
    void this.#dial(this.entry(id));
  }

  async startEcho(): Promise<number> {
    const old = this.everyone.find(({ echo }) => echo);
    if (old) return old.id;
    const peer = this.admit(
      { label: "Echo", host: "127.0.0.1", port: 47831, state: { kind: "proving" }, key: "e0e0e0e0e0e0e0e0" },
      Date.now(),
    );
    peer.echo = true;
    this.tell({ peers: true, status: true });
    void this.pause(300).then(() => this.setState(peer.id, { kind: "connected" }));
    return peer.id;
  }

  async stopEcho(): Promise<void> {
    this.everyone = this.everyone.filter(({ echo }) => !echo);
    this.tell({ peers: true, status: true });
  }

  // The world inside.

  #retention({ retention, echo }: Pick<Peer, "retention" | "echo">): Retention {
    return this.kept.kind === "open" && !echo ? (retention ?? this.kept.retention) : "off";
  }

  protected meet(): void {
    if (this.options.people === "empty" || this.everyone.length > 0) return;
    const now = Date.now();
    for (const person of everybody(now)) this.admit(person, now);
  }

  /** Offline, the people stay, but nobody is reached. */
  protected rest(): void {
    this.everyone = this.everyone.filter(({ echo }) => !echo);
    for (const peer of this.everyone) {
      if (peer.state.kind === "blocked") continue;
      peer.before = peer.state;
      peer.state = { kind: "offline" };
    }
  }

  protected admit(person: Person, now: number): Peer {
    const { lines = [], unread = 0, ...rest } = person;
    const talk = new MockConversation();
    if (person.label === "bob") talk.remember(manyLines(this.options.lines), now);
    talk.remember(lines, now);
    talk.read = Math.max(0, talk.lines.length - unread);
    const { label, host, port, key } = rest;
    const peer: Peer = {
      muted: false,
      pinned: false,
      verified: false,
      connection: 0,
      written: "",
      retention: null,
      vanish: null,
      canVanish: person.state.kind === "connected",
      ...rest,
      id: this.#next++,
      name: key ? label : null,
      echo: false,
      gainDb: 0,
      talk,
      addresses: [{ host, port }],
    };
    this.everyone.push(peer);
    return peer;
  }

  async #dial(peer: Peer): Promise<void> {
    const phases: PeerState[] = [{ kind: "resolving" }, { kind: "reaching" }, { kind: "proving" }, { kind: "waiting" }];
    for (const state of phases) {
      peer.state = state;
      this.tell({ peers: true, status: true });
      await this.pause(900);
    }
    if (peer.state.kind !== "waiting") return;
    peer.key ??= "5a5a1234abcd0000";
    peer.state = { kind: "connected" };
    this.tell({ peers: true, status: true });
  }

  protected canCall(peer: number): boolean {
    return this.entry(peer).state.kind !== "blocked";
  }

  protected reachable(peer: number): boolean {
    const { kind } = this.entry(peer).state;
    return kind === "connected" || kind === "unreachable";
  }

  protected setGain(peer: number, gainDb: number): void {
    this.change(peer, { gainDb });
  }

  protected load(): void {
    this.meet();
    if (this.offline) this.rest();
  }

  protected unload(): void {
    if (this.offline) this.everyone = [];
  }

  protected retain(id: number, retention: Retention | null): void {
    this.change(id, { retention });
    const peer = this.entry(id);
    const kept = this.#retention(peer);
    if (kept !== "off") peer.talk.dropBefore(Date.now() - KEPT_FOR[kept]);
    this.talked(id);
  }

  protected vanish(id: number, after: number | null): void {
    const peer = this.entry(id);
    if (!peer.canVanish) throw error("vanishUnsupported");
    peer.vanish = after;
    peer.talk.add("me", { kind: "vanishing", after }, Date.now());
    this.talked(id);
  }

  protected quiet(peer: number): boolean {
    return this.quietEverywhere || this.entry(peer).muted;
  }

  protected change(id: number, some: Partial<Peer>): void {
    Object.assign(this.entry(id), some);
    this.tell({ peers: true });
  }

  protected entry(id: number): Peer {
    const peer = this.everyone.find((one) => one.id === id);
    if (!peer) throw error("notFound");
    return peer;
  }

  protected talked(peer: number): void {
    const { revision } = this.entry(peer).talk;
    this.tell({ peers: true, conversations: [{ peer, revision }] });
  }
}

const PHRASES = ["lantern orbit velvet canyon", "pepper glacier timber mosaic"];

/** While these states hold, addresses are being tried. */
const DIALLED: PeerState["kind"][] = ["resolving", "reaching", "proving", "unreachable"];
