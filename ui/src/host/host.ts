/**
 * The complete surface of the program below the user interface. `tauri.ts` implements it for the desktop window,
 * `mock.ts` for a plain browser and for tests. Only `tauri.ts` may import `@tauri-apps/*`.
 */
import type {
  AudioDevices,
  Changes,
  Code,
  AudioSettings as GeneratedAudio,
  CallSnapshot as GeneratedCall,
  NodeStatus as GeneratedStatus,
  MicTest,
  Page,
  PeerSnapshot,
  RequestSnapshot,
  VoiceStats,
} from "../bindings.gen";
import type { Invite, PeerAddress, Platform, SearchHits, Settings, ShellEvent, ShellNotice } from "./desk";
import type { Keep } from "./keep";

export type {
  AudioDevice,
  AudioDevices,
  CallEnd,
  CallPhase,
  CallRecord,
  Changes,
  Code,
  Content,
  Delivery,
  DeviceState,
  Hearing,
  LastLine,
  Line,
  MicTest,
  NodePhase,
  Notice,
  Page,
  PeerSnapshot,
  PeerState,
  PortMapping,
  Quality,
  RequestSnapshot,
  Sender,
  Switch,
  Transmit,
  VoiceStats,
} from "../bindings.gen";
export type * from "./desk";
export type * from "./keep";

export type NodeStatus = GeneratedStatus & { doNotDisturb: boolean; reached: boolean };
export type CallSnapshot = GeneratedCall & { silent: boolean };

/** What every rejected call rejects with. `message` is English and for the log; the UI words come from `code`. */
export interface HostError {
  code: Code;
  message: string;
}

/** A link as it will really be opened. `host` is in ASCII (punycode), null for `mailto:` and its like. */
export interface LinkPreview {
  url: string;
  host: string | null;
}

/** How sound is taken, sent and played. Rust fills in what a caller leaves out, so what it answers is complete. */
export type AudioSettings = Required<GeneratedAudio>;

export interface Host extends Keep {
  /** Starts the node. `password` is UTF-8; the caller overwrites the array with zeros afterwards. `port` 0: the first free one. */
  connect(name: string, password: Uint8Array, port: number): Promise<void>;
  disconnect(): Promise<void>;
  status(): Promise<NodeStatus>;
  peers(): Promise<PeerSnapshot[]>;
  requests(): Promise<RequestSnapshot[]>;

  /** The first address is the one shown; all of them are tried. */
  addPeer(label: string, addresses: PeerAddress[]): Promise<number>;
  renamePeer(peer: number, label: string): Promise<void>;
  /** No ring, no popup, no notification of this person. What is unread still counts. */
  setPeerMuted(peer: number, muted: boolean): Promise<void>;
  /** The pinned come first in `peers`, each group in the order of adding. */
  setPeerPinned(peer: number, pinned: boolean): Promise<void>;
  /** The four words of the connection with this person, who sees them, too; null while there is none. */
  phrase(peer: number): Promise<string | null>;
  /** `compared`: the words that both saw; refused with `wordsChanged` if the connection has others by now. Null takes the mark back. */
  setVerified(peer: number, compared: string | null): Promise<void>;
  removePeer(peer: number): Promise<void>;
  /** Takes back the last `removePeer` of this peer, conversation included. */
  restorePeer(peer: number): Promise<void>;
  blockPeer(peer: number): Promise<void>;
  unblockPeer(peer: number): Promise<void>;
  /** Tries again now, and again by itself afterwards (also accepts a changed key of a remembered peer). */
  retryPeer(peer: number): Promise<void>;

  acceptRequest(request: number): Promise<number>;
  ignoreRequest(request: number): Promise<void>;
  blockRequest(request: number): Promise<void>;
  allowRequests(allowed: boolean): Promise<void>;

  sendText(peer: number, text: string): Promise<void>;
  sendLink(peer: number, url: string): Promise<void>;
  checkLink(text: string): Promise<LinkPreview>;
  /** Opens a link in the system's browser; refused if its kind is not on the allow-list. */
  openLink(url: string): Promise<void>;
  /** Up to 200 lines that end just before line `before` (null: at the newest). */
  page(peer: number, before: number | null): Promise<Page>;
  /** Up to 200 lines from line `from` on. */
  pageFrom(peer: number, from: number): Promise<Page>;
  markRead(peer: number): Promise<void>;
  /** Keeps what is written and not sent beside the conversation, in memory. */
  setDraft(peer: number, text: string): Promise<void>;
  draft(peer: number): Promise<string>;
  /** The newest first, at most 100; `peer` null: in every conversation. Every word must occur. */
  search(query: string, peer: number | null): Promise<SearchHits>;

  /** The call there is; there is at most one. */
  currentCall(): Promise<CallSnapshot | null>;
  /** With whom it is. */
  peerOfCall(): Promise<PeerSnapshot | null>;
  /** Its number names the call from then on. */
  startCall(peer: number): Promise<number>;
  acceptCall(call: number): Promise<void>;
  rejectCall(call: number): Promise<void>;
  endCall(call: number): Promise<void>;
  setMuted(muted: boolean): Promise<void>;
  setDeafened(deafened: boolean): Promise<void>;
  /** The key or button of push to talk went down, or up again. */
  pushToTalk(down: boolean): Promise<void>;
  /** What is measured of the call; null outside one. Meant to be asked about ten times a second while it is shown. */
  voiceStats(): Promise<VoiceStats | null>;

  audioDevices(): Promise<AudioDevices>;
  audioSettings(): Promise<AudioSettings>;
  setAudioSettings(settings: AudioSettings): Promise<void>;
  /** How much louder this person is played here, dB from -40 to 20. */
  setPeerGain(peer: number, gainDb: number): Promise<void>;

  /** Opens the microphone and records the last 10 s. */
  startMicTest(): Promise<void>;
  /** Plays back what was recorded. */
  playMicTest(): Promise<void>;
  stopMicTest(): Promise<void>;
  /** Null while no test runs. */
  micTest(): Promise<MicTest | null>;

  /** Starts the built-in second node and adds it as a peer. */
  startEcho(): Promise<number>;
  stopEcho(): Promise<void>;

  /** Four random words. */
  suggestPassword(): Promise<string>;
  copyText(text: string): Promise<void>;
  /** My name and addresses as one line of text, without a password. */
  invite(): Promise<string>;
  /** Understands an invite as people paste it. */
  readInvite(text: string): Promise<Invite>;
  /** The text in a QR code. PNG, JPEG, GIF, BMP or WebP of at most 16 MiB. */
  readQr(image: Uint8Array): Promise<string>;
  readQrOfClipboard(): Promise<string>;
  /** The newest lines of the in-memory log, oldest first. */
  log(): Promise<string[]>;

  settings(): Promise<Settings>;
  /** The whole of them; they take effect at once, numbers out of range are brought into it. */
  setSettings(settings: Settings): Promise<void>;
  platform(): Promise<Platform>;
  /** What is on screen. `focused`: the window has the focus and the conversation is at its end. */
  viewing(peer: number | null, focused: boolean): Promise<void>;
  /** Which conversation was open before the page was loaded again. */
  lastViewed(): Promise<number | null>;
  /** The page shows something useful for the first time. */
  pageReady(): Promise<void>;
  /** The small window of a call that stays on top. */
  openCompact(): Promise<void>;
  closeCompact(): Promise<void>;
  /** Opens a window with this conversation alone, or raises the one there is. */
  openTalk(peer: number): Promise<void>;
  /** Raises the main window, which opens this conversation. */
  showConversation(peer: number): Promise<void>;
  showWindow(): Promise<void>;
  quit(): Promise<void>;
  /** A notice that is told once was read. */
  dismissNotice(notice: ShellNotice): Promise<void>;
  /** The invite that was opened as a link, as text that anybody may have written; null if there is none, or it was taken. */
  takeInvited(): Promise<string | null>;

  /** Calls back at most 30 times a second with what changed. Returns the way to stop. */
  onChanges(callback: (changes: Changes) => void): () => void;
  /** Calls back when something of the desktop changed or is asked of the page. Returns the way to stop. */
  onShell(callback: (event: ShellEvent) => void): () => void;
}
