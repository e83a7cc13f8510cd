import { invoke } from "@tauri-apps/api/core";
import { listen } from "@tauri-apps/api/event";
import type { Changes, Host, HostError } from "./host";

/** The desktop window: every call is a Tauri command, every change the event "changes". */
export const tauri: Host = {
  connect: (name, password, port) =>
    // The password is the raw body, so that no JSON text of it is ever made. Headers carry ASCII only.
    guarded(
      invoke<void>("connect", password, { headers: { "x-name": encodeURIComponent(name), "x-port": String(port) } }),
    ),
  disconnect: () => call("disconnect"),
  status: () => call("status"),
  peers: () => call("peers"),
  requests: () => call("requests"),

  addPeer: (label, host, port) => call("add_peer", { label, host, port }),
  removePeer: (peer) => call("remove_peer", { peer }),
  restorePeer: (peer) => call("restore_peer", { peer }),
  blockPeer: (peer) => call("block_peer", { peer }),
  unblockPeer: (peer) => call("unblock_peer", { peer }),
  retryPeer: (peer) => call("retry_peer", { peer }),

  acceptRequest: (request) => call("accept_request", { request }),
  ignoreRequest: (request) => call("ignore_request", { request }),
  blockRequest: (request) => call("block_request", { request }),
  allowRequests: (allowed) => call("allow_requests", { allowed }),

  sendText: (peer, text) => call("send_text", { peer, text }),
  sendLink: (peer, url) => call("send_link", { peer, url }),
  checkLink: (text) => call("check_link", { text }),
  openLink: (url) => call("open_link", { url }),
  page: (peer, before) => call("page", { peer, before }),
  markRead: (peer) => call("mark_read", { peer }),

  startEcho: () => call("start_echo"),
  stopEcho: () => call("stop_echo"),

  suggestPassword: () => call("suggest_password"),
  copyText: (text) => call("copy_text", { text }),
  log: () => call("log"),

  onChanges: (callback) => {
    let stopped = false;
    let unlisten: (() => void) | null = null;
    listen<Changes>("changes", (event) => callback(event.payload)).then(
      (stop) => {
        if (stopped) return stop();
        unlisten = stop;
        // Whatever changed while the subscription was on its way would be missed otherwise.
        callback({ status: true, peers: true, requests: true, conversations: [] });
      },
      (reason) => console.error("the window cannot listen for changes", reason),
    );
    return () => {
      stopped = true;
      unlisten?.();
    };
  },
};

function call<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  return guarded(invoke<T>(command, args));
}

/** Commands reject with `{code, message}`; the bridge itself (unknown command, wrong argument) with a bare string. */
async function guarded<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (reason) {
    if (typeof reason === "object" && reason !== null && "code" in reason) throw reason;
    throw { code: "internal", message: String(reason) } satisfies HostError;
  }
}
