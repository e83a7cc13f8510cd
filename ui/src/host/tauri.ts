import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import { commands } from "../bindings.gen";
import type { AudioSettings, Changes, Host, HostError, Settings, ShellEvent } from "./host";
import type { Seal } from "./keep";

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
  status: () => guarded(commands.status()),
  peers: () => guarded(commands.peers()),
  requests: () => guarded(commands.requests()),

  addPeer: (label, addresses) => guarded(commands.addPeer(label, addresses)),
  renamePeer: (peer, label) => guarded(commands.renamePeer(peer, label)),
  setPeerMuted: (peer, muted) => guarded(commands.setPeerMuted(peer, muted)),
  setPeerPinned: (peer, pinned) => guarded(commands.setPeerPinned(peer, pinned)),
  phrase: (peer) => guarded(commands.phrase(peer)),
  setVerified: (peer, compared) => guarded(commands.setVerified(peer, compared)),
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
  pageFrom: (peer, from) => guarded(commands.pageFrom(peer, from)),
  markRead: (peer) => guarded(commands.markRead(peer)),
  setDraft: (peer, text) => guarded(commands.setDraft(peer, text)),
  draft: (peer) => guarded(commands.draft(peer)),
  search: (query, peer) => guarded(commands.search(query, peer)),

  currentCall: () => guarded(commands.currentCall()),
  peerOfCall: () => guarded(commands.peerOfCall()),
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
  invite: () => guarded(commands.invite()),
  readInvite: (text) => guarded(commands.readInvite(text)),
  readQr: (image) => guarded(invoke<string>("read_qr", image)),
  readQrOfClipboard: () => guarded(commands.readQrOfClipboard()),
  log: () => guarded(commands.log()),

  settings: () => guarded(commands.settings() as Promise<Settings>),
  setSettings: (settings) => guarded(commands.setSettings(settings)),
  platform: () => guarded(commands.platform()),
  viewing: (peer, focused) => guarded(commands.viewing(peer, focused)),
  lastViewed: () => guarded(commands.lastViewed()),
  pageReady: () => guarded(commands.pageReady()),
  openCompact: () => guarded(commands.openCompact()),
  closeCompact: () => guarded(commands.closeCompact()),
  openTalk: (peer) => guarded(commands.openTalk(peer)),
  showConversation: (peer) => guarded(commands.showConversation(peer)),
  showWindow: () => guarded(commands.showWindow()),
  quit: () => guarded(commands.quit()),
  dismissNotice: (notice) => guarded(commands.dismissNotice(notice)),
  takeInvited: () => guarded(commands.takeInvited()),

  remembered: () => guarded(commands.remembered()),
  remember: (seal) => sealed("remember", seal),
  unlock: (passphrase) => sealed("unlock", passphrase ? { kind: "passphrase", passphrase } : { kind: "keychain" }),
  startWithout: () => guarded(commands.startWithout()),
  setStoreAside: () => guarded(commands.setStoreAside()),
  changeSeal: (seal) => sealed("change_seal", seal),
  setRetention: (peer, retention) => guarded(commands.setRetention(peer, retention)),
  clearConversation: (peer) => guarded(commands.clearConversation(peer)),
  setVanishing: (peer, after) => guarded(commands.setVanishing(peer, after)),
  rememberPassword: (on) => guarded(commands.rememberPassword(on)),
  connectRemembered: () => guarded(commands.connectRemembered()),
  forgetEverything: () => guarded(commands.forgetEverything()),
  exportConversation: (peer, format) => guarded(commands.exportConversation(peer, format)),
  importConversation: (peer) => guarded(commands.importConversation(peer)),
  profiles: () => guarded(commands.profiles()),
  openProfile: (name) => guarded(commands.openProfile(name)),
  deleteProfile: (name) => guarded(commands.deleteProfile(name)),

  // Whatever changed while the subscription was on its way would be missed otherwise.
  onChanges: (callback) => subscribe<Changes>("changes", callback, () => callback(EVERYTHING)),
  onShell: (callback) =>
    subscribe<ShellEvent>("shell", callback, () => {
      callback({ kind: "settings" });
      callback({ kind: "invited" });
      guarded(commands.notices()).then(
        (notices) => {
          for (const notice of notices) callback({ kind: "notice", notice });
        },
        (reason) => console.error("the notices were not read", reason),
      );
    }),
};

/** As the password: a passphrase is the raw body. */
function sealed(command: string, seal: Seal): Promise<void> {
  const body = seal.kind === "passphrase" ? seal.passphrase : new Uint8Array();
  return guarded(invoke<void>(command, body, { headers: { "x-seal": seal.kind } }));
}

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
