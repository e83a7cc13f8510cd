import { describe, expect, test } from "vitest";
import type { CallEnd, CallSnapshot, DeviceState, Hearing, PeerState, VoiceStats } from "../host/host";
import { callBrief, callObstacle, callRecordWords, callState, callTroubles, isMissed } from "./callwords";
import { canTalk, keyName } from "./keys";
import { connection, decibels, fill, measured } from "./measured";
import { briefName } from "./person";
import { duration } from "./time";
import { sentence } from "./words";

const open: DeviceState = { kind: "open", name: "x" };
const CALL: CallSnapshot = {
  number: 1,
  peer: 1,
  outgoing: true,
  phase: "active",
  startedAt: 0,
  acceptedAt: 0,
  hearing: "heard",
  muted: false,
  deafened: false,
  peerMuted: false,
  peerDeafened: false,
  microphone: open,
  speaker: open,
  uncompressed: false,
  fellBack: false,
  silent: false,
};
const STATS: VoiceStats = {
  inputDb: -20,
  outputDb: -20,
  clipping: false,
  talkingWhileMuted: false,
  transmitting: true,
  codec: "opus",
  packetMs: 10,
  bitrateKbit: 32,
  wireKbit: 196.4,
  copies: [],
  rttMs: 24.4,
  lossPercent: 0,
  residualPercent: 0,
  sentLossPercent: 0,
  jitterTargetMs: 20,
  jitterMs: 20,
  mouthToEarMs: null,
  skewPpm: -12,
  malformed: 0,
  echoReductionDb: null,
};
// The compiler refuses these tables when a kind is missing.
const HEARINGS: Record<Hearing, true> = {
  connecting: true,
  heard: true,
  muted: true,
  microphoneSilent: true,
  noMicrophone: true,
  speakerOff: true,
  notArriving: true,
};
const ENDS: Record<CallEnd, true> = {
  hungUp: true,
  rejected: true,
  busy: true,
  cancelled: true,
  noAnswer: true,
  unreachable: true,
  lost: true,
  unsupported: true,
  stopped: true,
};
const ends = Object.keys(ENDS) as CallEnd[];

test("no two hearings read the same", () => {
  const lines = (Object.keys(HEARINGS) as Hearing[]).map((hearing) => callState({ ...CALL, hearing }, "bob").text);
  expect(new Set(lines).size).toBe(lines.length);
});

test.each(["microphoneSilent", "noMicrophone", "speakerOff", "notArriving"] as Hearing[])(
  "%s says whose side it is and what to do",
  (hearing) => {
    const [trouble] = callTroubles({ ...CALL, hearing }, "bob", null);
    expect(trouble?.what).toBe("bob does not hear you.");
    expect(trouble && sentence(trouble)).toMatch(/side|between/);
    expect(callState({ ...CALL, hearing }, "bob").tone).toBe("trouble");
  },
);

test("a call that goes well has no troubles", () => {
  for (const hearing of ["heard", "muted", "connecting"] as Hearing[]) {
    expect(callTroubles({ ...CALL, hearing }, "bob", null)).toEqual([]);
  }
});

test("a microphone that was chosen and is gone is told from none at all", () => {
  const call: CallSnapshot = { ...CALL, microphone: { kind: "missing" }, hearing: "noMicrophone" };
  const settings = { input: "mic-1" } as Parameters<typeof callTroubles>[2];
  expect(callTroubles(call, "bob", null).map(({ what }) => what)).toEqual([
    "You hear bob, but bob does not hear you: this computer has no microphone.",
  ]);
  expect(callTroubles(call, "bob", settings)[0]?.what).toContain("that you chose is not connected");
});

test.each(["missing", "refused", "busy"] as const)("a speaker that is %s is told", (kind) => {
  expect(callTroubles({ ...CALL, speaker: { kind } }, "bob", null)[0]?.what).toMatch(/^You do not hear bob: .+\.$/);
});

describe("calls that are over", () => {
  test.each(ends)("%s has words of its own for both sides", (end) => {
    const record = { end, seconds: null };
    expect(callRecordWords("me", record, "bob")).toContain("You called bob");
    expect(callRecordWords("them", record, "bob")).toContain("bob");
  });

  test("a missed call is one of theirs that was neither taken nor refused", () => {
    expect(ends.filter((end) => isMissed("them", { end, seconds: null }))).toEqual(
      ends.filter((end) => end !== "rejected" && end !== "stopped" && end !== "hungUp"),
    );
    expect(isMissed("them", { end: "lost", seconds: 4 })).toBe(false);
    expect(isMissed("me", { end: "noAnswer", seconds: null })).toBe(false);
  });

  test("how long it was is told", () => {
    expect(callBrief("them", { end: "hungUp", seconds: 133 })).toBe("Call, 2:13");
    expect(callBrief("them", { end: "cancelled", seconds: null })).toBe("Missed call");
    expect(callRecordWords("them", { end: "lost", seconds: 61 }, "bob")).toBe(
      "bob called · 1:01 · the connection was lost",
    );
  });
});

test("everybody can be called but the blocked, and nobody while offline", () => {
  const kinds = [
    "offline",
    "resolving",
    "reaching",
    "proving",
    "waiting",
    "connected",
    "unreachable",
    "blocked",
  ] as const;
  const base = { id: 1, label: "bob", name: null, host: "h", port: 1, key: null, echo: false, unread: 0 };
  const more = {
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
  const peer = (state: PeerState) => ({ ...base, ...more, state });
  const callable = kinds.filter((kind) => callObstacle(peer({ kind }), null) === null);
  expect(callable).toEqual(["resolving", "reaching", "proving", "waiting", "connected", "unreachable"]);
  expect(callObstacle(peer({ kind: "connected" }), { ...CALL, peer: 2 })).toBe("You are in another call");
});

test.each([
  [{}, "Excellent"],
  [{ lossPercent: 4 }, "Good"],
  [{ rttMs: 200 }, "Good"],
  [{ sentLossPercent: 20 }, "Weak"],
  [{ residualPercent: 2 }, "Weak"],
  [{ residualPercent: 9 }, "Bad"],
  [{ rttMs: 700 }, "Bad"],
])("a network of %j is %s", (some, word) => {
  expect(connection(CALL, { ...STATS, ...some }).word).toBe(word);
});

test("without proof or network the connection is not praised", () => {
  expect(connection({ ...CALL, hearing: "connecting" }, STATS)).toEqual({ level: 0, word: "Measuring" });
  expect(connection({ ...CALL, phase: "reconnecting" }, STATS)).toEqual({ level: 0, word: "No connection" });
});

test("what is measured is shown with its unit, and what is not with a dash", () => {
  const stats = { ...STATS, copies: [1, 3], packetMs: 7.66, residualPercent: null };
  const rows = Object.fromEntries(measured(stats).flatMap(({ rows }) => rows.map(({ name, value }) => [name, value])));
  expect(rows).toMatchObject({
    Codec: "Opus",
    Packet: "7.7 ms",
    "On the wire": "196 kbit/s",
    Copies: "1 and 3 back",
    "Lost after repair": "–",
    "Mouth to ear": "–",
    "Round trip": "24 ms",
    "Clocks differ": "−12 ppm",
    "Echo removed": "None found",
  });
});

test("meters, decibels and durations", () => {
  expect([fill(null, -60), fill(-127, -60), fill(-30, -60), fill(0, -60)]).toEqual([0, 0, 0.5, 1]);
  expect([decibels(3), decibels(0), decibels(-6)]).toEqual(["+3 dB", "0 dB", "−6 dB"]);
  expect([duration(7.9), duration(133), duration(3723), duration(-1)]).toEqual(["0:07", "2:13", "1:02:03", "0:00"]);
});

test("keys have names, and those that are needed elsewhere cannot be held to talk", () => {
  expect(["KeyV", "Digit1", "Numpad0", "ControlRight", "F8"].map(keyName)).toEqual([
    "V",
    "1",
    "Numpad 0",
    "Right Ctrl",
    "F8",
  ]);
  expect(["Escape", "Tab", "Enter", "ArrowUp", "MetaLeft", ""].some(canTalk)).toBe(false);
  expect(["Space", "KeyV", "F8", "ControlRight"].every(canTalk)).toBe(true);
});

test("a long name is brief in a sentence", () => {
  expect(briefName("bob")).toBe("bob");
  expect(briefName("x".repeat(64))).toBe(`${"x".repeat(20)}…`);
});
