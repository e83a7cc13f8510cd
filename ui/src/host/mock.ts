import type { Changes, Code, Host, Invite, NodeStatus, PeerState, RequestSnapshot, Settings } from "./host";
import type { Answer } from "./mock/calls";
import { error } from "./mock/error";
import { parseInvite, writeInvite } from "./mock/invite";
import { strangers } from "./mock/people";
import type { MockOptions } from "./mock/roster";
import { MockTalks } from "./mock/talks";

/** A port that "another program" holds, to see what happens then. */
export const TAKEN_PORT = 47999;

/** The program below the window, in memory: people in every state, an Echo, requests, and errors on demand. */
export class MockHost extends MockTalks implements Host {
  /** What was copied last. */
  copied = "";
  #status: NodeStatus = { ...OFFLINE };
  #requests: RequestSnapshot[] = [];
  #listeners = new Set<(changes: Changes) => void>();
  #failures = new Map<keyof Host, Code>();

  constructor(options: MockOptions = {}) {
    super(options);
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
    this.meet();
    for (const peer of this.everyone) {
      peer.state = peer.before ?? peer.state;
      delete peer.before;
    }
    if (this.options.people === "full") this.#requests = strangers(Date.now());
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
    if (this.kept.kind === "open") this.rest();
    else this.everyone = [];
    this.#requests = [];
    this.tell({ status: true, peers: true, requests: true, call: true });
  }

  async status(): Promise<NodeStatus> {
    const counted = this.everyone.filter(({ echo, state }) => !echo && state.kind !== "blocked");
    const peersOnline = counted.filter(({ state }) => state.kind === "connected").length;
    const { mapping, addresses } = this.#status;
    return {
      ...this.#status,
      addresses: mapping.kind === "open" ? [mapping.address, ...addresses] : addresses,
      doNotDisturb: this.quietEverywhere,
      peersOnline,
      peersTotal: counted.length,
      echo: this.everyone.some(({ echo }) => echo),
    };
  }

  async requests(): Promise<RequestSnapshot[]> {
    return this.#status.requestsAllowed ? [...this.#requests] : [];
  }

  async acceptRequest(id: number): Promise<number> {
    const request = this.#requests.find((one) => one.id === id);
    if (!request) throw error("notFound");
    this.#drop(id);
    const [, host = "", port = "0"] = /^\[?(.*?)\]?:(\d+)$/.exec(request.address) ?? [];
    const state: PeerState = { kind: "connected" };
    const peer = this.admit(
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

  // The world inside.

  protected get offline(): boolean {
    return this.#status.phase === "offline";
  }

  protected apply({ privacy, audio }: Settings): void {
    this.#status.requestsAllowed = privacy.allowRequests;
    this.sound.settings = audio;
    this.tell({ status: true, requests: true, devices: true });
  }

  protected me(): { name: string | null; port: number | null } {
    return { name: this.#status.name, port: this.#status.port };
  }

  #drop(request: number): void {
    this.#requests = this.#requests.filter(({ id }) => id !== request);
    this.tell({ requests: true });
  }

  protected check(method: keyof Host): void {
    const code = this.#failures.get(method);
    this.#failures.delete(method);
    if (code) throw error(code);
  }

  protected tell(changes: Partial<Changes>): void {
    const all: Changes = { ...NOTHING, ...changes };
    for (const listener of this.#listeners) listener(all);
  }

  protected pause(ms: number): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, ms * this.options.pace));
  }
}

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
