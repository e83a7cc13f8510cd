import type { AudioSettings, Host, Platform, Settings, ShellEvent, ShellNotice } from "../host";
import { error } from "./error";

/** What a picture must begin with to be read: PNG, JPEG, GIF, BMP, WebP. */
const PICTURES = ["\x89PNG", "\xff\xd8\xff", "GIF8", "BM", "RIFF"];

/** The part of the mock that is the desktop: settings, windows, pictures. */
export abstract class MockDesk {
  /** Whether the small call window is open. */
  compact = false;
  /** What the page said is on screen. */
  view: { peer: number | null; focused: boolean } = { peer: null, focused: false };
  /** How often the page said that it is ready, that the window was asked for, and that the program was. */
  ready = 0;
  shown = 0;
  stopped = false;
  /** Whose conversations have windows of their own. */
  talks: number[] = [];
  dismissed: ShellNotice[] = [];
  #invited: string | null = null;
  /** What the QR code in the next picture, and in the clipboard, says; null: there is none. */
  qr: string | null = null;
  desk: Platform = {
    os: "linux",
    wayland: false,
    tray: true,
    globalShortcuts: true,
    fullScreen: true,
    version: "0.1.0",
    protocol: "p2p-comm/1",
    profile: null,
    settingsFile: "/home/alice/.config/p2p-comm/settings.json",
  };
  #chosen: Omit<Settings, "audio"> = {
    general: { closeToTray: true, startAtLogin: false, startHidden: false },
    appearance: { theme: "system", contrast: "system", textPercent: 100 },
    notifications: {
      messages: true,
      requests: true,
      missedCalls: true,
      showContent: true,
      doNotDisturb: false,
      quietInFullScreen: true,
      incoming: "popup",
    },
    privacy: { allowRequests: true },
    network: { port: 0, mapPort: true, connectAtStart: false },
    shortcuts: { talk: null, mute: null, answer: null, end: null, talkInWindow: "Space" },
    seen: { trayHint: false },
  };
  #shell = new Set<(event: ShellEvent) => void>();

  protected abstract check(method: keyof Host): void;
  protected abstract get audio(): AudioSettings;
  /** What sound, calls and requests have to do with new settings. */
  protected abstract apply(settings: Settings): void;

  /** Something of the desktop happens. */
  say(event: ShellEvent): void {
    for (const listener of this.#shell) listener(event);
  }

  /** Other answers of the platform, as after a change of the desktop. */
  setPlatform(some: Partial<Platform>): void {
    this.desk = { ...this.desk, ...some };
    this.say({ kind: "platform" });
  }

  protected get quietEverywhere(): boolean {
    return this.#chosen.notifications.doNotDisturb;
  }

  async settings(): Promise<Settings> {
    this.check("settings");
    return structuredClone({ ...this.#chosen, audio: this.audio });
  }

  async setSettings({ audio, ...settings }: Settings): Promise<void> {
    this.check("setSettings");
    this.#chosen = structuredClone(settings);
    const { appearance } = this.#chosen;
    appearance.textPercent = Math.min(200, Math.max(80, Math.round(appearance.textPercent)));
    this.apply({ ...this.#chosen, audio });
    this.say({ kind: "settings" });
  }

  async platform(): Promise<Platform> {
    return { ...this.desk };
  }

  async viewing(peer: number | null, focused: boolean): Promise<void> {
    this.view = { peer, focused };
  }

  async lastViewed(): Promise<number | null> {
    return this.view.peer;
  }

  async pageReady(): Promise<void> {
    this.ready += 1;
  }

  async openCompact(): Promise<void> {
    this.check("openCompact");
    this.compact = true;
  }

  async closeCompact(): Promise<void> {
    this.compact = false;
  }

  async openTalk(peer: number): Promise<void> {
    this.check("openTalk");
    this.talks.push(peer);
  }

  async showConversation(peer: number): Promise<void> {
    this.shown += 1;
    this.say({ kind: "open", peer });
  }

  async showWindow(): Promise<void> {
    this.shown += 1;
  }

  async quit(): Promise<void> {
    this.stopped = true;
  }

  async dismissNotice(notice: ShellNotice): Promise<void> {
    this.dismissed.push(notice);
    if (notice === "trayHint") this.#chosen.seen.trayHint = true;
  }

  /** A link to an invite is opened in another program. */
  openInvite(text: string): void {
    this.#invited = text;
    this.say({ kind: "invited" });
  }

  async takeInvited(): Promise<string | null> {
    const text = this.#invited;
    this.#invited = null;
    return text;
  }

  async readQr(image: Uint8Array): Promise<string> {
    this.check("readQr");
    const start = String.fromCharCode(...image.subarray(0, 4));
    if (!PICTURES.some((picture) => start.startsWith(picture))) throw error("notAnImage");
    return this.#code();
  }

  async readQrOfClipboard(): Promise<string> {
    this.check("readQrOfClipboard");
    return this.#code();
  }

  onShell(callback: (event: ShellEvent) => void): () => void {
    this.#shell.add(callback);
    return () => this.#shell.delete(callback);
  }

  #code(): string {
    if (this.qr === null) throw error("noQr");
    return this.qr;
  }
}
