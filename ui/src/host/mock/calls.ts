import type { CallEnd, CallRecord, CallSnapshot, Changes, VoiceStats } from "../host";
import { error } from "./error";
import type { MockSound } from "./sound";

/** What people do who are called. */
export type Answer = "accept" | "reject" | "busy" | "never";

/** What the calls need of the world around them. */
export interface World {
  pause(ms: number): Promise<void>;
  tell(changes: Partial<Changes>): void;
  /** Whether this person is there to be rung at. */
  reachable(peer: number): boolean;
  /** Whether a call of this person may not ring. */
  quiet(peer: number): boolean;
  /** Puts the line of a call that is over into its conversation. */
  record(peer: number, sender: "me" | "them", call: CallRecord): void;
}

/** One call at a time, as the engine has it: it searches, rings, is answered after a moment, and leaves a line. */
export class MockCalls {
  current: CallSnapshot | null = null;
  answer: Answer;
  #world: World;
  #sound: MockSound;
  #next = 1;
  #held = false;

  constructor(world: World, sound: MockSound, answer: Answer) {
    this.#world = world;
    this.#sound = sound;
    this.answer = answer;
  }

  start(peer: number): number {
    if (this.current) throw error("inCall");
    const { number } = this.#begin(peer, true);
    void this.#outgoing(number);
    return number;
  }

  /** Somebody calls here, or misses us while we are in another call. */
  ring(peer: number): void {
    if (this.current) this.#world.record(peer, "them", { end: "busy", seconds: null });
    else this.#begin(peer, false);
  }

  accept(number: number): void {
    this.#find(number);
    this.#connect();
    void this.#heard(number);
  }

  reject(number: number): void {
    this.#find(number);
    this.finish("rejected");
  }

  end(number: number): void {
    const call = this.#find(number);
    this.finish(call.acceptedAt === null ? "cancelled" : "hungUp");
  }

  setMuted(muted: boolean): void {
    this.set({ muted });
    this.refresh();
  }

  setDeafened(deafened: boolean): void {
    this.set({ deafened, muted: deafened });
    this.refresh();
  }

  hold(down: boolean): void {
    this.#held = down;
  }

  /** Makes the call what a test or a screenshot wants. What was under way for it does not go on. */
  set(some: Partial<CallSnapshot>): void {
    if (this.current) this.current = { ...this.current, ...some };
    this.#world.tell({ call: true });
  }

  finish(end: CallEnd): void {
    const call = this.current;
    if (!call) return;
    this.current = null;
    this.#held = false;
    const seconds = call.acceptedAt === null ? null : Math.round((Date.now() - call.acceptedAt) / 1000);
    this.#world.record(call.peer, call.outgoing ? "me" : "them", { end, seconds });
    this.#world.tell({ call: true });
  }

  /** Our own devices and switches decide whether we are heard. */
  refresh(): void {
    const call = this.current;
    if (!call?.acceptedAt) return;
    const { microphone, speaker } = this.#sound;
    const mute = call.muted || call.deafened ? "muted" : "heard";
    this.set({ microphone, speaker, hearing: microphone.kind === "open" ? mute : "noMicrophone" });
  }

  /** Levels that move, and numbers of a good network. */
  stats(): VoiceStats | null {
    const call = this.current;
    if (!call?.acceptedAt) return null;
    const now = Date.now() / 1000;
    const speech = (phase: number) => -22 + 9 * Math.sin(now * 7 + phase) * Math.sin(now * 1.3 + phase);
    const open = this.#sound.settings.transmit?.kind !== "pushToTalk" || this.#held;
    const sends = open && !call.muted && call.microphone.kind === "open";
    return {
      inputDb: call.microphone.kind === "open" ? speech(0) + (this.#sound.settings.inputGainDb ?? 0) : -127,
      outputDb: call.peerMuted || call.phase !== "active" ? -127 : speech(2),
      clipping: (this.#sound.settings.inputGainDb ?? 0) > 12,
      talkingWhileMuted: call.muted && !call.deafened && now % 12 < 3,
      transmitting: sends,
      codec: call.uncompressed ? "pcm" : "opus",
      packetMs: call.uncompressed ? 7.7 : 10,
      bitrateKbit: call.uncompressed ? 705.6 : 32,
      wireKbit: call.uncompressed ? 1164 : 196,
      copies: [],
      rttMs: 24 + 3 * Math.sin(now),
      lossPercent: 0.4,
      residualPercent: 0,
      sentLossPercent: 0.2,
      jitterTargetMs: 22,
      jitterMs: 24,
      mouthToEarMs: 63,
      skewPpm: -12,
      malformed: 0,
      echoReductionDb: null,
    };
  }

  #begin(peer: number, outgoing: boolean): CallSnapshot {
    this.current = {
      number: this.#next++,
      peer,
      outgoing,
      phase: outgoing ? "searching" : "incoming",
      startedAt: Date.now(),
      acceptedAt: null,
      hearing: "connecting",
      muted: false,
      deafened: false,
      peerMuted: false,
      peerDeafened: false,
      microphone: { kind: "closed" },
      speaker: { kind: "closed" },
      uncompressed: false,
      fellBack: false,
      silent: !outgoing && this.#world.quiet(peer),
    };
    this.#world.tell({ call: true });
    return this.current;
  }

  async #outgoing(number: number): Promise<void> {
    await this.#world.pause(900);
    if (!this.#is(number, "searching") || !this.#world.reachable(this.#find(number).peer)) return;
    this.set({ phase: "ringing" });
    await this.#world.pause(2500);
    if (!this.#is(number, "ringing") || this.answer === "never") return;
    if (this.answer !== "accept") return this.finish(this.answer === "busy" ? "busy" : "rejected");
    this.#connect();
    await this.#heard(number);
  }

  #connect(): void {
    const { microphone, speaker } = this.#sound;
    this.set({ phase: "active", acceptedAt: Date.now(), hearing: "connecting", microphone, speaker });
  }

  async #heard(number: number): Promise<void> {
    await this.#world.pause(800);
    if (this.#is(number, "active") && this.current?.hearing === "connecting") this.refresh();
  }

  #is(number: number, phase: CallSnapshot["phase"]): boolean {
    return this.current?.number === number && this.current.phase === phase;
  }

  #find(number: number): CallSnapshot {
    if (this.current?.number !== number) throw error("noCall");
    return this.current;
  }
}
