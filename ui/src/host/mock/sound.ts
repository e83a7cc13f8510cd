import type { AudioDevices, AudioSettings, DeviceState, MicTest } from "../host";
import { error } from "./error";

type Trouble = "missing" | "refused" | "busy";

/** The sound devices of a computer that has a few, the settings, and a microphone test. */
export class MockSound {
  /** Why the microphone or the speaker cannot be used, if so. */
  troubles: { microphone?: Trouble; speaker?: Trouble } = {};
  devices: AudioDevices = {
    inputs: [
      { id: "mic-1", name: "Built-in Audio Analog Stereo", default: true },
      { id: "mic-2", name: "Headset (USB) Mono", default: false },
      { id: "mic-3", name: "Conference Camera 4000 with a Very Long Product Name, Microphone Array", default: false },
    ],
    outputs: [
      { id: "out-1", name: "Built-in Audio Analog Stereo", default: true },
      { id: "out-2", name: "Headset (USB) Stereo", default: false },
    ],
  };
  settings: AudioSettings = {
    input: null,
    output: null,
    ring: null,
    inputGainDb: 0,
    outputGainDb: 0,
    echo: "auto",
    noise: "auto",
    gain: "auto",
    headphones: false,
    transmit: { kind: "continuous" },
    quality: "auto",
  };
  #test: { since: number; recorded: number; playing: boolean } | null = null;

  get microphone(): DeviceState {
    return this.#state(this.troubles.microphone, this.devices.inputs, this.settings.input);
  }

  get speaker(): DeviceState {
    return this.#state(this.troubles.speaker, this.devices.outputs, this.settings.output);
  }

  startTest(): void {
    if (this.microphone.kind !== "open") throw error("noSound");
    this.#test = { since: Date.now(), recorded: 0, playing: false };
  }

  playTest(): void {
    if (!this.#test) return;
    this.#test = { since: Date.now(), recorded: this.#recorded, playing: true };
  }

  stopTest(): void {
    this.#test = null;
  }

  test(): MicTest | null {
    const test = this.#test;
    if (!test) return null;
    // What was recorded has been heard: it records again.
    if (test.playing && Date.now() - test.since > test.recorded * 1000) this.startTest();
    const now = Date.now() / 1000;
    return {
      playing: test.playing,
      seconds: this.#recorded,
      levelDb: -24 + 10 * Math.sin(now * 7) * Math.sin(now * 1.3) + (this.settings.inputGainDb ?? 0),
      clipping: (this.settings.inputGainDb ?? 0) > 12,
      microphone: this.microphone,
      speaker: this.speaker,
    };
  }

  get #recorded(): number {
    const test = this.#test;
    if (!test) return 0;
    return test.playing ? test.recorded : Math.min(10, (Date.now() - test.since) / 1000);
  }

  #state(
    trouble: Trouble | undefined,
    devices: AudioDevices["inputs"],
    chosen: string | null | undefined,
  ): DeviceState {
    if (trouble) return { kind: trouble };
    const device = chosen ? devices.find(({ id }) => id === chosen) : devices.find((one) => one.default);
    return device ? { kind: "open", name: device.name } : { kind: "missing" };
  }
}
