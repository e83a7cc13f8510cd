import type { Host, Platform, Settings } from "../host/host";
import { canTalk } from "./keys";
import { Pull } from "./pull";

/** The parts of the settings. */
export type Section =
  | "general"
  | "audio"
  | "privacy"
  | "network"
  | "notifications"
  | "appearance"
  | "shortcuts"
  | "about";

/** What the person chose, and what the desktop around the windows can do. */
export class Desk {
  settings: Settings | null = $state.raw(null);
  platform: Platform | null = $state.raw(null);
  #host: Host;
  #read: Pull;
  #write: Pull;
  #look: Pull;
  /** What was chosen here and is not handed over yet. */
  #chosen: Partial<Settings> = {};
  #writing = 0;

  constructor(host: Host) {
    this.#host = host;
    this.#read = new Pull(async () => {
      const settings = await host.settings();
      // What is being handed over is newer than what was just read.
      if (this.#writing === 0) this.settings = settings;
    });
    this.#write = new Pull(async () => {
      const chosen = this.#chosen;
      this.#chosen = {};
      // The other parts as they are now: sound and tray change them, too.
      await host.setSettings({ ...(await host.settings()), ...chosen });
    });
    this.#look = new Pull(async () => {
      this.platform = await host.platform();
    });
  }

  /** The key of push to talk in the window, as `KeyboardEvent.code`. */
  get talkKey(): string {
    const key = this.settings?.shortcuts.talkInWindow ?? "";
    return canTalk(key) ? key : "Space";
  }

  /** Reads everything once and then whatever changes. Returns the way to stop. */
  start(): () => void {
    const stop = this.#host.onShell(({ kind }) => {
      if (kind === "settings") quietly(this.#read.run());
      if (kind === "platform") quietly(this.#look.run());
    });
    quietly(this.refresh());
    return stop;
  }

  async refresh(): Promise<void> {
    await Promise.all([this.#read.run(), this.#look.run()]);
  }

  /** Shown at once and handed over. What was refused or brought into range is read again. */
  async change<S extends Exclude<keyof Settings, "audio">>(section: S, some: Partial<Settings[S]>): Promise<void> {
    if (!this.settings) return;
    const changed = { ...this.settings[section], ...some };
    this.settings = { ...this.settings, [section]: changed };
    this.#chosen = { ...this.#chosen, [section]: changed };
    this.#writing += 1;
    try {
      await this.#write.run();
    } finally {
      this.#writing -= 1;
      await this.#read.run();
    }
  }
}

/** Without an answer the page stays as it is; the next event reads again. */
function quietly(work: Promise<void>): void {
  work.catch((reason) => console.warn("a reading failed", reason));
}
