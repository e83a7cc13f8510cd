/** What the desktop around the windows knows: settings, platform, invites, notices. */
import type { AudioSettings, Code } from "./host";

/** What the person chose. Kept on disk; nothing of it is about people or conversations. */
export interface Settings {
  general: { closeToTray: boolean; startAtLogin: boolean; startHidden: boolean };
  /** `textPercent`: 80 to 200. */
  appearance: { theme: "system" | "light" | "dark"; contrast: "system" | "high"; textPercent: number };
  notifications: {
    messages: boolean;
    requests: boolean;
    missedCalls: boolean;
    showContent: boolean;
    doNotDisturb: boolean;
    quietInFullScreen: boolean;
    incoming: "popup" | "window" | "notification";
  };
  privacy: { allowRequests: boolean };
  /** `port` 0: the first free one. `mapPort`: the router is asked to let friends in. `connectAtStart` needs a remembered password. */
  network: { port: number; mapPort: boolean; connectAtStart: boolean };
  /** Keys that work everywhere, as "Control+Shift+KeyM"; `talkInWindow` is one key, as `KeyboardEvent.code`. */
  shortcuts: {
    talk: string | null;
    mute: string | null;
    answer: string | null;
    end: string | null;
    talkInWindow: string;
  };
  audio: AudioSettings;
  seen: { trayHint: boolean };
}

export interface Platform {
  os: "linux" | "mac" | "windows";
  wayland: boolean;
  /** There is a tray now. */
  tray: boolean;
  globalShortcuts: boolean;
  /** It can be known whether another program fills the screen. */
  fullScreen: boolean;
  version: string;
  /** Such as "p2p-comm/1". */
  protocol: string;
  profile: string | null;
  /** Where the settings are kept. */
  settingsFile: string;
}

export interface PeerAddress {
  host: string;
  port: number;
}

export interface Invite {
  name: string | null;
  addresses: PeerAddress[];
}

/** A line that holds what was searched for. `from` and `to` are the first match in the excerpt, in UTF-16 code units. */
export interface SearchHit {
  peer: number;
  seq: number;
  mine: boolean;
  /** Our clock, milliseconds since 1970 (UTC). */
  at: number;
  excerpt: string;
  from: number;
  to: number;
}

/** What a search found, the newest first. `complete`: older lines do not have the words, too. */
export interface SearchHits {
  hits: SearchHit[];
  complete: boolean;
}

export type ShellNotice =
  | "settingsDamaged"
  | "settingsReadOnly"
  | "shortcutTaken"
  | "trayHint"
  | "quitLoses"
  | { connectFailed: Code };

export type ShellEvent =
  | { kind: "settings" }
  | { kind: "platform" }
  | { kind: "remembered" }
  | { kind: "open"; peer: number }
  | { kind: "invited" }
  | { kind: "notice"; notice: ShellNotice };
