import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Host } from "./host";
import { MockHost } from "./mock";
import { tauri } from "./tauri";

/** The bridge that Tauri puts into its window. */
const invoke = vi.fn();

beforeEach(() => {
  invoke.mockReset().mockResolvedValue(undefined);
  vi.stubGlobal("__TAURI_INTERNALS__", { invoke, transformCallback: () => 7 });
});
afterEach(() => vi.unstubAllGlobals());

test("the password is the raw body, name and port are headers in ASCII", async () => {
  const password = new TextEncoder().encode("pässword");
  await tauri.connect("Zoë", password, 47800);
  const [command, body, options] = invoke.mock.calls[0] ?? [];
  expect(command).toBe("connect");
  expect(body).toBe(password);
  expect(options).toEqual({ headers: { "x-name": "Zo%C3%AB", "x-port": "47800" } });
});

test("arguments are named as the commands expect them", async () => {
  await tauri.addPeer("bob", [{ host: "localhost", port: 47801 }]);
  await tauri.pageFrom(3, 200);
  await tauri.search("agenda", null);
  await tauri.viewing(3, true);
  await tauri.page(3, null);
  await tauri.acceptRequest(9);
  await tauri.allowRequests(false);
  await tauri.startCall(3);
  await tauri.endCall(7);
  await tauri.setMuted(true);
  await tauri.pushToTalk(false);
  await tauri.setPeerGain(3, -6);
  expect(invoke.mock.calls.map(([command, args]) => [command, args])).toEqual([
    ["add_peer", { label: "bob", addresses: [{ host: "localhost", port: 47801 }] }],
    ["page_from", { peer: 3, from: 200 }],
    ["search", { query: "agenda", peer: null }],
    ["viewing", { peer: 3, focused: true }],
    ["page", { peer: 3, before: null }],
    ["accept_request", { request: 9 }],
    ["allow_requests", { allowed: false }],
    ["start_call", { peer: 3 }],
    ["end_call", { call: 7 }],
    ["set_muted", { muted: true }],
    ["push_to_talk", { down: false }],
    ["set_peer_gain", { peer: 3, gainDb: -6 }],
  ]);
});

test("every call of the host but the events is a command of its name in snake case", async () => {
  const names = Object.keys(tauri).filter((name) => !name.startsWith("on")) as (keyof Host)[];
  // As the first argument what the pickiest of them reads.
  for (const name of names) await (tauri[name] as (...args: unknown[]) => Promise<unknown>)({ kind: "keychain" });
  const commands = invoke.mock.calls.map(([command]) => command);
  expect(commands).toEqual(names.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)));
  expect(names.every((name) => name in MockHost.prototype)).toBe(true);
});

test("codes pass, anything else is an internal failure", async () => {
  invoke.mockRejectedValueOnce({ code: "portInUse", message: "taken" });
  await expect(tauri.status()).rejects.toEqual({ code: "portInUse", message: "taken" });
  invoke.mockRejectedValueOnce("command not found");
  await expect(tauri.status()).rejects.toEqual({ code: "internal", message: "command not found" });
});

test("what changed while the subscription was on its way is read again", async () => {
  const heard = vi.fn();
  tauri.onChanges(heard);
  await vi.waitFor(() => expect(heard).toHaveBeenCalledOnce());
  expect(invoke.mock.calls[0]?.[0]).toBe("plugin:event|listen");
  expect(heard).toHaveBeenCalledWith({
    status: true,
    peers: true,
    requests: true,
    call: true,
    devices: true,
    conversations: [],
  });
});
