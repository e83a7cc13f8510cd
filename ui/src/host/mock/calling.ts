import type {
  AudioDevices,
  AudioSettings,
  CallRecord,
  CallSnapshot,
  Changes,
  MicTest,
  Settings,
  VoiceStats,
} from "../host";
import { type Answer, MockCalls } from "./calls";
import { MockDesk } from "./desk";
import { error } from "./error";
import { MockSound } from "./sound";

/** The part of the mock that calls and has sound devices. */
export abstract class MockCalling extends MockDesk {
  readonly sound = new MockSound();
  readonly calls: MockCalls;

  constructor(answer: Answer = "accept") {
    super();
    const world = {
      pause: (ms: number) => this.pause(ms),
      tell: (changes: Partial<Changes>) => this.tell(changes),
      reachable: (peer: number) => this.reachable(peer),
      quiet: (peer: number) => this.quiet(peer),
      record: (peer: number, sender: "me" | "them", call: CallRecord) => this.record(peer, sender, call),
    };
    this.calls = new MockCalls(world, this.sound, answer);
  }

  protected abstract pause(ms: number): Promise<void>;
  protected abstract tell(changes: Partial<Changes>): void;
  /** Puts the line of a call that is over into its conversation. */
  protected abstract record(peer: number, sender: "me" | "them", call: CallRecord): void;
  protected abstract quiet(peer: number): boolean;
  protected abstract canCall(peer: number): boolean;
  protected abstract reachable(peer: number): boolean;
  protected abstract setGain(peer: number, gainDb: number): void;

  async currentCall(): Promise<CallSnapshot | null> {
    return this.calls.current;
  }

  async startCall(id: number): Promise<number> {
    this.check("startCall");
    if (!this.canCall(id)) throw error("notFound");
    return this.calls.start(id);
  }

  async acceptCall(call: number): Promise<void> {
    this.check("acceptCall");
    this.calls.accept(call);
  }

  async rejectCall(call: number): Promise<void> {
    this.check("rejectCall");
    this.calls.reject(call);
  }

  async endCall(call: number): Promise<void> {
    this.calls.end(call);
  }

  async setMuted(muted: boolean): Promise<void> {
    this.calls.setMuted(muted);
  }

  async setDeafened(deafened: boolean): Promise<void> {
    this.calls.setDeafened(deafened);
  }

  async pushToTalk(down: boolean): Promise<void> {
    this.calls.hold(down);
  }

  async voiceStats(): Promise<VoiceStats | null> {
    return this.calls.stats();
  }

  async audioDevices(): Promise<AudioDevices> {
    return structuredClone(this.sound.devices);
  }

  async audioSettings(): Promise<AudioSettings> {
    return structuredClone(this.sound.settings) as AudioSettings;
  }

  async setAudioSettings(settings: AudioSettings): Promise<void> {
    this.check("setAudioSettings");
    this.sound.settings = settings;
    this.calls.refresh();
    this.tell({ devices: true });
  }

  protected get audio(): AudioSettings {
    return this.sound.settings as AudioSettings;
  }

  override async setSettings(settings: Settings): Promise<void> {
    await super.setSettings(settings);
    await this.setAudioSettings(settings.audio);
  }

  async setPeerGain(id: number, gainDb: number): Promise<void> {
    this.setGain(id, gainDb);
  }

  async startMicTest(): Promise<void> {
    this.check("startMicTest");
    if (this.calls.current) throw error("inCall");
    this.sound.startTest();
  }

  async playMicTest(): Promise<void> {
    this.sound.playTest();
  }

  async stopMicTest(): Promise<void> {
    this.sound.stopTest();
  }

  async micTest(): Promise<MicTest | null> {
    return this.sound.test();
  }
}
