import type { CallSnapshot, DeviceState, Host, VoiceStats } from "../host/host";
import type { App } from "./app.svelte";
import { callRecordWords, isTalking } from "./callwords";
import { Poll } from "./poll.svelte";
import { Pull } from "./pull";

/** A hint that comes and goes with each word would be a flicker: it stays this long. */
const HINT_MS = 4000;

/** The call there is, and what one can do in it. */
export class Calls {
  current: CallSnapshot | null = $state.raw(null);
  /** The incoming call whose card was put away: it rings on in the bar. */
  aside: number | null = $state(null);
  /** Whether the details panel is open. */
  details = $state(false);
  /** What is measured, while a view shows it. */
  readonly stats: Poll<VoiceStats>;
  #app: App;
  #host: Host;
  #pull: Pull;
  /** The call that ended here by a click, of which nothing more needs to be said. */
  #ended: number | null = null;
  #clippedAt = 0;
  #mutedTalkAt = 0;
  #held = $state(false);
  #queue: Promise<unknown> = Promise.resolve();

  constructor(app: App) {
    this.#app = app;
    this.#host = app.host;
    this.#pull = new Pull(async () => this.#changed(await this.#host.currentCall()));
    this.stats = new Poll(() => this.#measure());
  }

  /** The call that rings here and is not put away. One that may not ring is shown in the bar alone. */
  get ringing(): CallSnapshot | null {
    const { current } = this;
    return current?.phase === "incoming" && !current.silent && current.number !== this.aside ? current : null;
  }

  /** How the person of a call is called here. */
  get name(): string {
    const { current } = this;
    return (current && this.#app.peers.find(current.peer)?.label) ?? "Somebody";
  }

  /** The microphone was too loud a moment ago. */
  get clipping(): boolean {
    return this.stats.now !== null && Date.now() - this.#clippedAt < HINT_MS;
  }

  /** Somebody talked into the muted microphone a moment ago. */
  get talkingWhileMuted(): boolean {
    return this.stats.now !== null && this.current?.muted === true && Date.now() - this.#mutedTalkAt < HINT_MS;
  }

  refresh(): Promise<void> {
    return this.#pull.run();
  }

  clear(): void {
    this.current = null;
    this.aside = null;
    this.details = false;
    this.#held = false;
  }

  async start(peer: number): Promise<void> {
    const started = await this.#do(() => this.#host.startCall(peer));
    // A window with one conversation has no bar for it.
    if (started && this.#app.alone !== null) await this.#app.attempt(this.#host.openCompact());
  }

  /** Takes the call and shows the conversation with the caller. */
  async accept({ number, peer }: CallSnapshot): Promise<void> {
    if (await this.#do(() => this.#host.acceptCall(number))) this.#app.open(peer);
  }

  async reject({ number }: CallSnapshot): Promise<void> {
    this.#ended = number;
    await this.#do(() => this.#host.rejectCall(number));
  }

  /** Rejects, and says why. What could not be sent waits in the composer. */
  async rejectWith(call: CallSnapshot, text: string): Promise<void> {
    await this.reject(call);
    if (await this.#app.attempt(this.#host.sendText(call.peer, text))) return;
    this.#app.drafts.set(call.peer, text);
  }

  async end(): Promise<void> {
    const { current } = this;
    if (!current) return;
    if (current.phase === "incoming") return this.reject(current);
    this.#ended = current.number;
    await this.#do(() => this.#host.endCall(current.number));
  }

  async toggleMuted(): Promise<void> {
    const { current } = this;
    if (current) await this.#do(() => toggleMuted(this.#host, current));
  }

  async toggleDeafened(): Promise<void> {
    const { current } = this;
    if (current) await this.#do(() => this.#host.setDeafened(!current.deafened));
  }

  /** The key or the button of push to talk went down, or up again. */
  hold(down: boolean): void {
    if (down === this.#held || !isTalking(this.current)) return;
    this.#held = down;
    void this.#app.attempt(this.#inOrder(() => this.#host.pushToTalk(down)));
  }

  /** Whether the key or the button of push to talk is held. */
  get held(): boolean {
    return this.#held;
  }

  async #do(work: () => Promise<unknown>): Promise<boolean> {
    const worked = await this.#app.attempt(this.#inOrder(work));
    await this.#app.attempt(this.refresh());
    return worked;
  }

  /** Calls of the host may overtake each other. A key that came up before it went down would let others listen in. */
  #inOrder(work: () => Promise<unknown>): Promise<unknown> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  async #measure(): Promise<VoiceStats | null> {
    const stats = await this.#host.voiceStats();
    if (stats?.clipping) this.#clippedAt = Date.now();
    if (stats?.talkingWhileMuted) this.#mutedTalkAt = Date.now();
    return stats;
  }

  #changed(call: CallSnapshot | null): void {
    const old = this.current;
    this.current = call;
    if (!call) this.details = false;
    // Push to talk ends with the call it was for.
    if (!isTalking(call) || call?.number !== old?.number) this.#held = false;
    // The main window says it.
    if (this.#app.alone !== null) return;
    if (old && call?.number === old.number) {
      this.#sayDevice("Microphone", old.microphone, call.microphone);
      this.#sayDevice("Speaker", old.speaker, call.speaker);
    }
    if (old && call?.number !== old.number) void this.#sayEnd(old);
  }

  /** A device that was changed by the system in a call. */
  #sayDevice(what: string, old: DeviceState, now: DeviceState): void {
    if (old.kind === "open" && now.kind === "open" && old.name !== now.name) {
      this.#app.toasts.say(`${what}: ${now.name}`);
    }
  }

  /** How a call ended that did not end by a click here. Its line in the conversation knows. */
  async #sayEnd({ number, peer }: CallSnapshot): Promise<void> {
    if (this.#ended === number) return;
    const name = this.#app.peers.find(peer)?.label;
    const page = await this.#host.page(peer, null).catch(() => null);
    const line = page?.lines.findLast(({ kind }) => kind === "call");
    if (name && line?.kind === "call") this.#app.toasts.say(callRecordWords(line.sender, line.call, name));
  }
}

/** Mutes the microphone of a call, or unmutes it. Whoever is deafened is muted, too: to be heard again, one hears again. */
export function toggleMuted(host: Host, { muted, deafened }: CallSnapshot): Promise<void> {
  return deafened ? host.setDeafened(false) : host.setMuted(!muted);
}
