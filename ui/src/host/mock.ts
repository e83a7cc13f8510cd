import type {
  CallRecord,
  Changes,
  Code,
  Delivery,
  Host,
  Invite,
  LinkPreview,
  NodeStatus,
  Notice,
  Page,
  PeerAddress,
  PeerSnapshot,
  PeerState,
  RequestSnapshot,
  Retention,
  SearchHits,
  Settings,
} from "./host";
import type { Answer } from "./mock/calls";
import { MockConversation } from "./mock/conversation";
import { error } from "./mock/error";
import { parseInvite, writeInvite } from "./mock/invite";
import { KEPT_FOR, MockKeep } from "./mock/keep";
import { previewLink } from "./mock/link";
import { everybody, manyLines, type Person, strangers } from "./mock/people";

/** A port that "another program" holds, to see what happens then. */
export const TAKEN_PORT = 47999;

interface Peer extends Omit<PeerSnapshot, "unread" | "last" | "trying" | "draft" | "keepsMessages"> {
  /** Counts connections: each has words of its own. */
  connection: number;
  /** All there are; the first is the one shown. */
  addresses: PeerAddress[];
  written: string;
  talk: MockConversation;
  /** How it stood before we went offline. */
  before?: PeerState;
}

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

/** The program below the window, in memory: people in every state, an Echo, requests, and errors on demand. */
export class MockHost extends MockKeep implements Host {
  /** What was done, for tests. */
  readonly opened: string[] = [];
  copied = "";
  #options: Required<MockOptions>;
  #status: NodeStatus = { ...OFFLINE };
  #peers: Peer[] = [];
  #removed = new Map<number, Peer>();
  #requests: RequestSnapshot[] = [];
  #listeners = new Set<(changes: Changes) => void>();
  #failures = new Map<keyof Host, Code>();
  #next = 1;

  constructor(options: MockOptions = {}) {
    super(options.answer);
    this.#options = { people: "full", pace: 1, lines: 0, late: 0, answer: "accept", ...options };
  }

  /**
   * `?people=empty`, `?online`, `?lines=5000`, `?answer=busy`, `?microphone=missing`, `?speaker=busy`, `?ring` (the
   * first one calls), `?remembered`, `?locked=passphrase`: for looking at the interface in a browser. Whoever is written "call me" calls.
   */
  static fromQuery(query: URLSearchParams): MockHost {
    const people = query.get("people") === "empty" ? "empty" : "full";
    const answer = (query.get("answer") ?? "accept") as Answer;
    const mock = new MockHost({ people, answer, lines: Number(query.get("lines") ?? 0) });
    mock.sound.troubles = Object.fromEntries([...query].filter(([key]) => key === "microphone" || key === "speaker"));
    if (query.has("remembered")) mock.wakeUp();
    if (query.has("locked")) mock.wakeUpLocked(query.get("locked") === "keychain" ? "keychain" : "passphrase", null);
    if (query.has("online")) mock.goOnline(query.get("online") || "alice", 47800);
    if (query.has("ring")) mock.calls.ring(1);
    return mock;
  }

  // What a test or a screenshot may do to the world outside.

  goOnline(name: string, port: number): void {
    const addresses = [`192.0.2.1:${port}`, `[2001:db8::1]:${port}`];
    this.#status = { ...OFFLINE, phase: "online", name, port, addresses };
    this.#meet();
    for (const peer of this.#peers) {
      peer.state = peer.before ?? peer.state;
      delete peer.before;
    }
    if (this.#options.people === "full") this.#requests = strangers(Date.now());
    this.connected();
    this.tell({ status: true, peers: true, requests: true });
  }

  /** What came of asking the router, and who got through. */
  setNetwork(some: Partial<Pick<NodeStatus, "mapping" | "pinhole" | "reached">>): void {
    this.#status = { ...this.#status, ...some };
    this.tell({ status: true });
  }

  /** Makes the next call of this method fail. */
  failNext(method: keyof Host, code: Code): void {
    this.#failures.set(method, code);
  }

  setState(peer: number, state: PeerState): void {
    this.#peer(peer).state = state;
    this.tell({ peers: true, status: true });
  }

  /** A new connection takes the place of the one there is. */
  reconnect(peer: number): void {
    this.#change(peer, { connection: this.#peer(peer).connection + 1 });
  }

  receive(peer: number, text: string): void {
    const { talk } = this.#peer(peer);
    talk.add("them", { kind: "text", text }, Date.now());
    this.#talked(peer);
  }

  setDelivery(peer: number, seq: number, delivery: Delivery): void {
    this.#peer(peer).talk.deliver(seq, delivery);
    this.#talked(peer);
  }

  notice(peer: number, notice: Notice): void {
    this.#peer(peer).talk.add("app", { kind: "notice", notice }, Date.now());
    this.#talked(peer);
  }

  // The host.

  async connect(name: string, password: Uint8Array, port: number): Promise<void> {
    this.check("connect");
    if (!name.trim()) throw error("invalidName");
    if (password.length === 0) throw error("invalidPassword");
    if (this.#status.phase !== "offline") throw error("alreadyConnected");
    this.#status = { ...OFFLINE, phase: "connecting", name };
    this.tell({ status: true });
    await this.pause(700);
    if (port === TAKEN_PORT) {
      this.#status = { ...OFFLINE };
      this.tell({ status: true });
      throw error("portInUse");
    }
    this.goOnline(name.trim(), port || 47800);
  }

  async disconnect(): Promise<void> {
    this.#status = { ...OFFLINE };
    this.calls.current = null;
    if (this.kept.kind === "open") this.#rest();
    else this.#peers = [];
    this.#requests = [];
    this.tell({ status: true, peers: true, requests: true, call: true });
  }

  async status(): Promise<NodeStatus> {
    const counted = this.#peers.filter(({ echo, state }) => !echo && state.kind !== "blocked");
    const peersOnline = counted.filter(({ state }) => state.kind === "connected").length;
    const { mapping, addresses } = this.#status;
    return {
      ...this.#status,
      addresses: mapping.kind === "open" ? [mapping.address, ...addresses] : addresses,
      doNotDisturb: this.quietEverywhere,
      peersOnline,
      peersTotal: counted.length,
      echo: this.#peers.some(({ echo }) => echo),
    };
  }

  async peerOfCall(): Promise<PeerSnapshot | null> {
    return (await this.peers()).find(({ id }) => id === this.calls.current?.peer) ?? null;
  }

  async peers(): Promise<PeerSnapshot[]> {
    return [true, false]
      .flatMap((pinned) => this.#peers.filter((peer) => peer.pinned === pinned))
      .map(({ talk, addresses, written, before, connection, ...peer }) => ({
        ...peer,
        keepsMessages: this.#retention(peer) !== "off",
        unread: talk.unread,
        last: talk.last,
        draft: written.slice(0, 120),
        trying: DIALLED.includes(peer.state.kind) ? addresses.map(({ host, port }) => `${host}:${port}`) : [],
      }));
  }

  async requests(): Promise<RequestSnapshot[]> {
    return this.#status.requestsAllowed ? [...this.#requests] : [];
  }

  async addPeer(label: string, addresses: PeerAddress[]): Promise<number> {
    this.check("addPeer");
    if (!label.trim()) throw error("invalidName");
    const [shown] = addresses;
    if (!shown || addresses.some(({ host }) => !/^[\p{L}\p{N}.:_-]{1,253}$/u.test(host))) throw error("invalidAddress");
    const { host, port } = shown;
    if (this.#peers.some((peer) => peer.host === host && peer.port === port)) throw error("duplicatePeer");
    const peer = this.#admit({ label, host, port, state: { kind: "resolving" }, key: null }, Date.now());
    peer.addresses = addresses;
    this.tell({ peers: true, status: true });
    void this.#dial(peer);
    return peer.id;
  }

  async renamePeer(id: number, label: string): Promise<void> {
    this.check("renamePeer");
    if (!label.trim()) throw error("invalidName");
    this.#change(id, { label: label.trim() });
  }

  async setPeerMuted(id: number, muted: boolean): Promise<void> {
    this.#change(id, { muted });
  }

  async setPeerPinned(id: number, pinned: boolean): Promise<void> {
    this.#change(id, { pinned });
  }

  async phrase(id: number): Promise<string | null> {
    const { state, connection } = this.#peer(id);
    return state.kind === "connected" ? (PHRASES[connection % PHRASES.length] ?? null) : null;
  }

  async setVerified(id: number, compared: string | null): Promise<void> {
    this.check("setVerified");
    if (compared !== null && compared !== (await this.phrase(id))) throw error("wordsChanged");
    this.#change(id, { verified: compared !== null });
  }

  async removePeer(id: number): Promise<void> {
    this.check("removePeer");
    this.#removed.set(id, this.#peer(id));
    this.#peers = this.#peers.filter((peer) => peer.id !== id);
    this.tell({ peers: true, status: true });
  }

  async restorePeer(id: number): Promise<void> {
    const peer = this.#removed.get(id);
    if (!peer) throw error("notFound");
    this.#removed.delete(id);
    this.#peers.push(peer);
    this.tell({ peers: true, status: true });
  }

  async blockPeer(id: number): Promise<void> {
    this.setState(id, { kind: "blocked" });
  }

  async unblockPeer(id: number): Promise<void> {
    void this.#dial(this.#peer(id));
  }

  async retryPeer(id: number): Promise<void> {
    this.check("retryPeer");
    void this.#dial(this.#peer(id));
  }

  async acceptRequest(id: number): Promise<number> {
    const request = this.#requests.find((one) => one.id === id);
    if (!request) throw error("notFound");
    this.#drop(id);
    const [, host = "", port = "0"] = /^\[?(.*?)\]?:(\d+)$/.exec(request.address) ?? [];
    const state: PeerState = { kind: "connected" };
    const peer = this.#admit(
      { label: request.name, host, port: Number(port), state, key: "0a1b2c3d4e5f6071" },
      Date.now(),
    );
    this.tell({ peers: true, status: true });
    return peer.id;
  }

  async ignoreRequest(id: number): Promise<void> {
    this.#drop(id);
  }

  async blockRequest(id: number): Promise<void> {
    this.#drop(id);
  }

  async allowRequests(allowed: boolean): Promise<void> {
    this.#status.requestsAllowed = allowed;
    this.tell({ status: true, requests: true });
  }

  async sendText(id: number, text: string): Promise<void> {
    this.check("sendText");
    if (!text.trim()) throw error("messageEmpty");
    if (new TextEncoder().encode(text).length > 64 * 1024) throw error("messageTooLong");
    const peer = this.#peer(id);
    const line = peer.talk.add("me", { kind: "text", text }, Date.now(), Date.now(), "queued");
    this.#talked(id);
    void this.#deliver(peer, line.seq, text);
  }

  async sendLink(id: number, url: string): Promise<void> {
    this.check("sendLink");
    const link = await this.checkLink(url);
    const peer = this.#peer(id);
    const line = peer.talk.add("me", { kind: "link", ...link }, Date.now(), Date.now(), "queued");
    this.#talked(id);
    void this.#deliver(peer, line.seq, link.url);
  }

  async checkLink(text: string): Promise<LinkPreview> {
    const link = previewLink(text);
    if (!link) throw error("invalidLink");
    return link;
  }

  async openLink(url: string): Promise<void> {
    this.check("openLink");
    this.opened.push((await this.checkLink(url)).url);
  }

  async page(id: number, before: number | null): Promise<Page> {
    await this.#late();
    return this.#peer(id).talk.page(before);
  }

  async pageFrom(id: number, from: number): Promise<Page> {
    await this.#late();
    return this.#peer(id).talk.pageFrom(from);
  }

  async setDraft(id: number, text: string): Promise<void> {
    this.#change(id, { written: text });
  }

  async draft(id: number): Promise<string> {
    return this.#peer(id).written;
  }

  async search(query: string, id: number | null): Promise<SearchHits> {
    const found = this.#peers
      .filter((peer) => id === null || peer.id === id)
      .flatMap((peer) => peer.talk.search(query).map((hit) => ({ ...hit, peer: peer.id })));
    return { hits: found.sort((a, b) => b.at - a.at).slice(0, 100), complete: this.complete };
  }

  async markRead(id: number): Promise<void> {
    const { talk } = this.#peer(id);
    talk.read = talk.lines.length;
    this.tell({ peers: true });
  }

  async startEcho(): Promise<number> {
    const old = this.#peers.find(({ echo }) => echo);
    if (old) return old.id;
    const peer = this.#admit(
      { label: "Echo", host: "127.0.0.1", port: 47831, state: { kind: "proving" }, key: "e0e0e0e0e0e0e0e0" },
      Date.now(),
    );
    peer.echo = true;
    this.tell({ peers: true, status: true });
    void this.pause(300).then(() => this.setState(peer.id, { kind: "connected" }));
    return peer.id;
  }

  async stopEcho(): Promise<void> {
    this.#peers = this.#peers.filter(({ echo }) => !echo);
    this.tell({ peers: true, status: true });
  }

  async suggestPassword(): Promise<string> {
    const words = ["lantern", "orbit", "velvet", "canyon", "pepper", "glacier", "timber", "mosaic", "harbor", "saddle"];
    return words
      .sort(() => Math.random() - 0.5)
      .slice(0, 4)
      .join(" ");
  }

  async copyText(text: string): Promise<void> {
    this.check("copyText");
    this.copied = text;
  }

  async invite(): Promise<string> {
    const { name, addresses, phase } = this.#status;
    if (phase !== "online") throw error("notConnected");
    const parsed = addresses.flatMap((address) => parseInvite(address)?.addresses ?? []);
    return writeInvite({ name, addresses: parsed });
  }

  async readInvite(text: string): Promise<Invite> {
    const invite = parseInvite(text);
    if (!invite) throw error("invalidInvite");
    return invite;
  }

  async log(): Promise<string[]> {
    return ["INFO engine: listening on [::]:47800", "INFO engine: 2 peers connected"];
  }

  onChanges(callback: (changes: Changes) => void): () => void {
    this.#listeners.add(callback);
    return () => this.#listeners.delete(callback);
  }

  /** A message of a conversation disappears at this time. */
  disappear(peer: number, seq: number, at = Date.now()): void {
    this.#peer(peer).talk.expire(seq, at);
    this.#talked(peer);
  }

  // The world inside.

  #retention({ retention, echo }: Pick<Peer, "retention" | "echo">): Retention {
    return this.kept.kind === "open" && !echo ? (retention ?? this.kept.retention) : "off";
  }

  #meet(): void {
    if (this.#options.people === "empty" || this.#peers.length > 0) return;
    const now = Date.now();
    for (const person of everybody(now)) this.#admit(person, now);
  }

  /** Offline, the people stay, but nobody is reached. */
  #rest(): void {
    this.#peers = this.#peers.filter(({ echo }) => !echo);
    for (const peer of this.#peers) {
      if (peer.state.kind === "blocked") continue;
      peer.before = peer.state;
      peer.state = { kind: "offline" };
    }
  }

  #admit(person: Person, now: number): Peer {
    const { lines = [], unread = 0, ...rest } = person;
    const talk = new MockConversation();
    if (person.label === "bob") talk.remember(manyLines(this.#options.lines), now);
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
    this.#peers.push(peer);
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

  async #deliver(peer: Peer, seq: number, text: string): Promise<void> {
    if (peer.state.kind !== "connected") return;
    for (const delivery of ["sent", "delivered"] as const) {
      await this.pause(350);
      peer.talk.deliver(seq, delivery);
      this.#talked(peer.id);
    }
    await this.pause(500);
    if (text.trim().toLowerCase() === "call me") this.calls.ring(peer.id);
    else if (peer.echo) this.receive(peer.id, text);
  }

  protected record(peer: number, sender: "me" | "them", call: CallRecord): void {
    this.#peer(peer).talk.add(sender, { kind: "call", call }, Date.now());
    this.#talked(peer);
  }

  protected canCall(peer: number): boolean {
    return this.#peer(peer).state.kind !== "blocked";
  }

  protected reachable(peer: number): boolean {
    const { kind } = this.#peer(peer).state;
    return kind === "connected" || kind === "unreachable";
  }

  protected setGain(peer: number, gainDb: number): void {
    this.#change(peer, { gainDb });
  }

  protected apply({ privacy, audio }: Settings): void {
    this.#status.requestsAllowed = privacy.allowRequests;
    this.sound.settings = audio;
    this.tell({ status: true, requests: true, devices: true });
  }

  protected me(): { name: string | null; port: number | null } {
    return { name: this.#status.name, port: this.#status.port };
  }

  protected load(): void {
    this.#meet();
    if (this.#status.phase === "offline") this.#rest();
  }

  protected unload(): void {
    if (this.#status.phase === "offline") this.#peers = [];
  }

  protected clear(id: number): number {
    const { talk } = this.#peer(id);
    const count = talk.count;
    talk.dropBefore(Number.POSITIVE_INFINITY);
    talk.read = talk.lines.length;
    this.#talked(id);
    return count;
  }

  protected retain(id: number, retention: Retention | null): void {
    this.#change(id, { retention });
    const peer = this.#peer(id);
    const kept = this.#retention(peer);
    if (kept !== "off") peer.talk.dropBefore(Date.now() - KEPT_FOR[kept]);
    this.#talked(id);
  }

  protected vanish(id: number, after: number | null): void {
    const peer = this.#peer(id);
    if (!peer.canVanish) throw error("vanishUnsupported");
    peer.vanish = after;
    peer.talk.add("me", { kind: "vanishing", after }, Date.now());
    this.#talked(id);
  }

  protected quiet(peer: number): boolean {
    return this.quietEverywhere || this.#peer(peer).muted;
  }

  #change(id: number, some: Partial<Peer>): void {
    Object.assign(this.#peer(id), some);
    this.tell({ peers: true });
  }

  #drop(request: number): void {
    this.#requests = this.#requests.filter(({ id }) => id !== request);
    this.tell({ requests: true });
  }

  #peer(id: number): Peer {
    const peer = this.#peers.find((one) => one.id === id);
    if (!peer) throw error("notFound");
    return peer;
  }

  protected check(method: keyof Host): void {
    const code = this.#failures.get(method);
    this.#failures.delete(method);
    if (code) throw error(code);
  }

  #talked(peer: number): void {
    const { revision } = this.#peer(peer).talk;
    this.tell({ peers: true, conversations: [{ peer, revision }] });
  }

  protected tell(changes: Partial<Changes>): void {
    const all: Changes = { ...NOTHING, ...changes };
    for (const listener of this.#listeners) listener(all);
  }

  async #late(): Promise<void> {
    const { late } = this.#options;
    if (late > 0) await new Promise((resolve) => setTimeout(resolve, late));
  }

  protected pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms * this.#options.pace));
  }
}

const PHRASES = ["lantern orbit velvet canyon", "pepper glacier timber mosaic"];

/** While these states hold, addresses are being tried. */
const DIALLED: PeerState["kind"][] = ["resolving", "reaching", "proving", "unreachable"];

const NOTHING: Changes = {
  status: false,
  peers: false,
  requests: false,
  call: false,
  devices: false,
  conversations: [],
};

const OFFLINE: NodeStatus = {
  phase: "offline",
  name: null,
  port: null,
  addresses: [],
  peersOnline: 0,
  peersTotal: 0,
  requestsAllowed: true,
  echo: false,
  failedCallers: [],
  doNotDisturb: false,
  reached: false,
  mapping: { kind: "off" },
  pinhole: null,
};
