import { expect, test } from "vitest";
import type { NodeStatus, PeerSnapshot, PeerState } from "../host/host";
import { waitingWords } from "./waiting";
import { sentence } from "./words";

const bob: PeerSnapshot = {
  id: 1,
  label: "bob",
  name: null,
  host: "bob.example",
  port: 47800,
  state: { kind: "reaching" },
  key: null,
  echo: false,
  unread: 0,
  last: null,
  place: null,
  gainDb: 0,
  muted: false,
  pinned: false,
  verified: false,
  draft: "",
  trying: [],
  retention: null,
  keepsMessages: false,
  vanish: null,
  canVanish: false,
};
const online: NodeStatus = {
  phase: "online",
  name: "alice",
  port: 47801,
  addresses: ["192.0.2.1:47801", "127.0.0.1:47801"],
  peersOnline: 0,
  peersTotal: 1,
  requestsAllowed: true,
  echo: false,
  failedCallers: [],
  doNotDisturb: false,
  reached: false,
  mapping: { kind: "off" },
  pinhole: null,
};
const silent: PeerState = { kind: "failed", code: "nobodyAnswers", retryAt: 12_000 };

function words(state: PeerState, some: Partial<PeerSnapshot> = {}, status: Partial<NodeStatus> = {}): string {
  const told = waitingWords({ ...bob, state, ...some }, { ...online, ...status }, 0);
  return told ? sentence(told) : "";
}

test.each<[PeerState["kind"], RegExp]>([
  ["resolving", /Keep this open until bob appears\. Looking up bob\.example…/],
  ["reaching", /Keep this open until bob appears\. Trying bob\.example:47800…/],
  ["proving", /Keep this open until bob appears\. Their app answers/],
  ["waiting", /Waiting for bob to add you\. Keep this open\./],
])("while %s one is told to wait, and for what", (kind, told) => {
  expect(words({ kind } as PeerState)).toMatch(told);
});

test.each<[string[], string]>([
  [["192.0.2.7:1"], "Trying 192.0.2.7:1…"],
  [["192.0.2.7:1", "[2001:db8::7]:2"], "Trying 192.0.2.7:1 and [2001:db8::7]:2…"],
  [["192.0.2.7:1", "192.0.2.8:2", "192.0.2.9:3", "192.0.2.10:4"], "Trying 192.0.2.7:1, 192.0.2.8:2 and 2 more…"],
])("the addresses that are tried are named: %s", (trying, told) => {
  expect(words({ kind: "reaching" }, { trying })).toContain(told);
});

test("silence is on their side if others can reach us", () => {
  expect(words(silent, {}, { reached: true })).toMatch(
    /Nothing answers at bob\.example:47800\. Most likely this is on their side\. Others can reach you, so bob's app is not running/,
  );
});

test("silence can be on either side if nobody has reached us, and our own port is named", () => {
  expect(words(silent)).toMatch(/either side\. Nobody from outside has reached you yet either.*UDP port 47801/);
});

test("a router that lets others in is named, and that the invite has its address", () => {
  const mapping = { kind: "open", address: "203.0.113.7:47801" } as const;
  expect(words(silent, {}, { mapping })).toMatch(
    /either side\. Your router lets others in at 203\.0\.113\.7:47801\. Give bob your invite/,
  );
});

test("behind a provider's router it is the other side that has to be open, unless IPv6 is", () => {
  const mapping = { kind: "behindNat", address: "100.72.14.9" } as const;
  expect(words(silent, {}, { mapping })).toMatch(
    /You can hardly be reached: another router.*bob's side has to be the open/,
  );
  expect(words(silent, {}, { mapping, pinhole: "[2001:db8::1]:47801" })).not.toContain("You can hardly be reached");
  expect(words(silent, {}, { mapping, reached: true })).toContain("Others can reach you");
});

test("without a network of our own it is on ours", () => {
  expect(words(silent, {}, { addresses: ["127.0.0.1:47801", "[::1]:47801"] })).toContain(
    "This computer has no network",
  );
  expect(words(silent, {}, { addresses: [] })).toContain("This computer has no network");
});

test.each(["localhost", "127.0.0.1", "::1"])("at %s it is another app of this computer that is missing", (host) => {
  expect(words(silent, { host })).toMatch(/on your side\. No second app runs on this computer/);
});

test("a failure with a reason of its own keeps its words, and says when it is tried again", () => {
  const told = words({ kind: "failed", code: "resolveFailed", retryAt: 3000 });
  expect(told).toMatch(/host name is not known.*the next attempt is in 3 seconds/);
  expect(words({ kind: "failed", code: "resolveFailed", retryAt: 0 })).toContain("Trying again now…");
});

test.each<PeerState>([{ kind: "connected" }, { kind: "blocked" }, { kind: "offline" }, { kind: "unreachable" }])(
  "$kind is nothing to wait for here",
  (state) => {
    expect(words(state)).toBe("");
  },
);

test("a long name does not push the rest out of sight", () => {
  expect(words({ kind: "reaching" }, { label: "Maximiliane-Alexandra von Hohenlohe" })).toContain(
    "Maximiliane-Alexandr… appears",
  );
});
