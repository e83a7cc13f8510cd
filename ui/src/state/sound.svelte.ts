import type { AudioDevices, AudioSettings, Host, MicTest } from "../host/host";
import { Poll } from "./poll.svelte";
import { Pull } from "./pull";

/** How sound is taken, sent and played, and the devices there are. */
export class Sound {
  settings: AudioSettings | null = $state.raw(null);
  /** Read when a view first asks for them, and again whenever they change. */
  devices: AudioDevices | null = $state.raw(null);
  /** The microphone test, while a view shows it. */
  readonly test: Poll<MicTest>;
  #read: Pull;
  #list: Pull;
  #write: Pull;
  #writing = 0;

  constructor(host: Host) {
    this.test = new Poll(() => host.micTest());
    this.#read = new Pull(async () => {
      const settings = await host.audioSettings();
      // What is being handed over is newer than what was just read.
      if (this.#writing === 0) this.settings = settings;
    });
    this.#list = new Pull(async () => {
      this.devices = await host.audioDevices();
    });
    this.#write = new Pull(async () => {
      if (this.settings) await host.setAudioSettings(this.settings);
    });
  }

  get pushToTalk(): boolean {
    return this.settings?.transmit.kind === "pushToTalk";
  }

  async refresh(): Promise<void> {
    await Promise.all([this.#read.run(), this.devices ? this.#list.run() : null]);
  }

  list(): Promise<void> {
    return this.#list.run();
  }

  /** Shown at once; of a moving slider only the newest value is handed over. What was refused is read again. */
  async change(some: Partial<AudioSettings>): Promise<void> {
    if (!this.settings) return;
    this.settings = { ...this.settings, ...some };
    this.#writing += 1;
    try {
      await this.#write.run();
    } finally {
      this.#writing -= 1;
      await this.#read.run();
    }
  }
}
