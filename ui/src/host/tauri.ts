import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { commands } from "../bindings.gen";
import type { AudioSettings, Changes, Host, HostError, ShellEvent } from "./host";

/** What a listener hears first. */
const EVERYTHING: Changes = {
  status: true,
  peers: true,
  requests: true,
  call: true,
  devices: true,
  conversations: [],
};

/** The desktop window: every call is a Tauri command, every change the event "changes". */
export const tauri: Host = {
  connect: (name, password, port) =>
    // The password is the raw body, so that no JSON text of it is ever made. Headers carry ASCII only.
    guarded(
      invoke<void>("connect", password, { headers: { "x-name": encodeURIComponent(name), "x-port": String(port) } }),
    ),
  disconnect: () => guarded(commands.disconnect()),
  status: () => command("status"),
  peers: () => command("peers"),
  requests: () => guarded(commands.requests()),

  addPeer: (label, addresses) => command("add_peer", { label, addresses }),
  renamePeer: (peer, label) => command("rename_peer", { peer, label }),
  setPeerMuted: (peer, muted) => command("set_peer_muted", { peer, muted }),
  setPeerPinned: (peer, pinned) => command("set_peer_pinned", { peer, pinned }),
  removePeer: (peer) => guarded(commands.removePeer(peer)),
  restorePeer: (peer) => guarded(commands.restorePeer(peer)),
  blockPeer: (peer) => guarded(commands.blockPeer(peer)),
  unblockPeer: (peer) => guarded(commands.unblockPeer(peer)),
  retryPeer: (peer) => guarded(commands.retryPeer(peer)),

  acceptRequest: (request) => guarded(commands.acceptRequest(request)),
  ignoreRequest: (request) => guarded(commands.ignoreRequest(request)),
  blockRequest: (request) => guarded(commands.blockRequest(request)),
  allowRequests: (allowed) => guarded(commands.allowRequests(allowed)),

  sendText: (peer, text) => guarded(commands.sendText(peer, text)),
  sendLink: (peer, url) => guarded(commands.sendLink(peer, url)),
  checkLink: (text) => guarded(commands.checkLink(text)),
  openLink: (url) => guarded(commands.openLink(url)),
  page: (peer, before) => guarded(commands.page(peer, before)),
  pageFrom: (peer, from) => command("page_from", { peer, from }),
  markRead: (peer) => guarded(commands.markRead(peer)),
  setDraft: (peer, text) => command("set_draft", { peer, text }),
  draft: (peer) => command("draft", { peer }),
  search: (query, peer) => command("search", { query, peer }),

  currentCall: () => command("current_call"),
  startCall: (peer) => guarded(commands.startCall(peer)),
  acceptCall: (call) => guarded(commands.acceptCall(call)),
  rejectCall: (call) => guarded(commands.rejectCall(call)),
  endCall: (call) => guarded(commands.endCall(call)),
  setMuted: (muted) => guarded(commands.setMuted(muted)),
  setDeafened: (deafened) => guarded(commands.setDeafened(deafened)),
  pushToTalk: (down) => guarded(commands.pushToTalk(down)),
  voiceStats: () => guarded(commands.voiceStats()),

  audioDevices: () => guarded(commands.audioDevices()),
  audioSettings: () => guarded(commands.audioSettings() as Promise<AudioSettings>),
  setAudioSettings: (settings) => guarded(commands.setAudioSettings(settings)),
  setPeerGain: (peer, gainDb) => guarded(commands.setPeerGain(peer, gainDb)),

  startMicTest: () => guarded(commands.startMicTest()),
  playMicTest: () => guarded(commands.playMicTest()),
  stopMicTest: () => guarded(commands.stopMicTest()),
  micTest: () => guarded(commands.micTest()),

  startEcho: () => guarded(commands.startEcho()),
  stopEcho: () => guarded(commands.stopEcho()),

  suggestPassword: () => guarded(commands.suggestPassword()),
  copyText: (text) => guarded(commands.copyText(text)),
  invite: () => command("invite"),
  readInvite: (text) => command("read_invite", { text }),
  readQr: (image) => guarded(invoke<string>("read_qr", image)),
  readQrOfClipboard: () => command("read_qr_of_clipboard"),
  log: () => guarded(commands.log()),

  settings: () => command("settings"),
  setSettings: (settings) => command("set_settings", { settings }),
  platform: () => command("platform"),
  viewing: (peer, focused) => command("viewing", { peer, focused }),
  lastViewed: () => command("last_viewed"),
  pageReady: () => command("page_ready"),
  openCompact: () => command("open_compact"),
  closeCompact: () => command("close_compact"),
  showConversation: (peer) => command("show_conversation", { peer }),
  showWindow: () => command("show_window"),
  quit: () => command("quit"),
  dismissNotice: (notice) => command("dismiss_notice", { notice }),

  // Whatever changed while the subscription was on its way would be missed otherwise.
  onChanges: (callback) => subscribe<Changes>("changes", callback, () => callback(EVERYTHING)),
  onShell: (callback) => subscribe<ShellEvent>("shell", callback, () => callback({ kind: "settings" })),
};

/** Listens until the answer is called. `started` is called once the subscription holds. */
function subscribe<T>(event: string, callback: (payload: T) => void, started: () => void): () => void {
  let stopped = false;
  let unlisten: (() => void) | null = null;
  listen<T>(event, ({ payload }) => callback(payload)).then(
    (stop) => {
      if (stopped) return stop();
      unlisten = stop;
      started();
    },
    (reason) => console.error(`the window cannot listen for ${event}`, reason),
  );
  return () => {
    stopped = true;
    unlisten?.();
  };
}

/** A command by its name. */
function command<T>(name: string, args?: Record<string, unknown>): Promise<T> {
  return guarded(invoke<T>(name, args));
}

/** Commands reject with `{code, message}`; the bridge itself (unknown command, wrong argument) with a bare string. */
function guarded(answer: Promise<null>): Promise<void>;
function guarded<T>(answer: Promise<T>): Promise<T>;
async function guarded(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (reason) {
    if (typeof reason === "object" && reason !== null && "code" in reason) throw reason;
    throw { code: "internal", message: String(reason) } satisfies HostError;
  }
}
