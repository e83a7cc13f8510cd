import { expect, test } from "vitest";
import type { Code, Notice, PeerSnapshot, PeerState } from "../host/host";
import { CODES, noticeWords, sentence, stateBanner, stateBrief, stateLine, wordsOf } from "./words";

const codes = Object.keys(CODES) as Code[];

// The compiler refuses these tables when a kind is missing.
const STATES: { [Kind in PeerState["kind"]]: PeerState & { kind: Kind } } = {
  offline: { kind: "offline" },
  resolving: { kind: "resolving" },
  reaching: { kind: "reaching" },
  proving: { kind: "proving" },
  waiting: { kind: "waiting" },
  connected: { kind: "connected" },
  unreachable: { kind: "unreachable" },
  failed: { kind: "failed", code: "nobodyAnswers", retryAt: 12_000 },
  stopped: { kind: "stopped", code: "dialingStopped" },
  blocked: { kind: "blocked" },
};
const NOTICES: Record<Notice, true> = {
  newKey: true,
  unverified: true,
  keyChanged: true,
  wrongPassword: true,
  dialingStopped: true,
  oldestDropped: true,
  ownAddress: true,
  protocolMismatch: true,
  vanishUnsupported: true,
  microphoneMoved: true,
  microphoneLost: true,
  microphoneReplaced: true,
  speakerMoved: true,
  speakerLost: true,
  speakerReplaced: true,
};

function bob(state: PeerState): PeerSnapshot {
  const host = "bob.example";
  return {
    id: 1,
    label: "bob",
    name: null,
    host,
    port: 1,
    state,
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
}

test.each(codes)("%s says what happened and what to do next", (code) => {
  const { what, next } = CODES[code];
  expect(what).toMatch(/^[A-Z].*\.$/);
  expect(next).toMatch(/^[A-Z].*\.$/);
});

test("a failure names its side", () => {
  expect(sentence(CODES.portInUse)).toContain("This is on your side.");
  expect(sentence(CODES.nobodyAnswers)).toContain("Most likely this is on their side.");
  expect(sentence(CODES.wrongPassword)).toContain("either side");
  expect(sentence(CODES.invalidPort)).toBe("This is not a port. Type a number from 1 to 65535.");
});

test.each(Object.values(STATES))("the state $kind has its own words", (state) => {
  expect(stateBrief(state)).not.toBe("");
  expect(stateLine(bob(state))).not.toBe("");
});

test("no two states read the same", () => {
  const lines = Object.values(STATES).map((state) => stateLine(bob(state)));
  expect(new Set(lines).size).toBe(lines.length);
});

test("only what stands in the way gets a banner", () => {
  const without = Object.values(STATES).filter((state) => !stateBanner(bob(state), 0));
  expect(without.map(({ kind }) => kind).sort()).toEqual(["connected", "proving", "reaching", "resolving"]);
  expect(stateBanner(bob(STATES.waiting), 0)?.what).toBe("Waiting for bob to add you. Keep this open.");
});

test("a failure counts down to the next attempt", () => {
  expect(stateBanner(bob(STATES.failed), 0)?.next).toContain("The next attempt is in 12 seconds.");
  expect(stateBanner(bob(STATES.failed), 11_100)?.next).toContain("in 1 second.");
  expect(stateBanner(bob(STATES.failed), 12_001)?.next).toContain("Trying again now…");
});

test.each(Object.keys(NOTICES) as Notice[])("the notice %s is a sentence", (notice) => {
  expect(noticeWords(notice, "bob")).toMatch(/^.+\.$/);
});

test("whatever was thrown gets words", () => {
  expect(wordsOf({ code: "queueFull", message: "" })).toBe(CODES.queueFull);
  expect(wordsOf({ code: "fromTheFuture" })).toBe(CODES.internal);
  expect(wordsOf("a string")).toBe(CODES.internal);
  expect(wordsOf(null)).toBe(CODES.internal);
});
