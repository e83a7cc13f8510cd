import type { CallRecord, Line, Notice, PeerState, RequestSnapshot } from "../host";

/** Somebody who exists only in memory. `lines` are filled with numbers and the missing times by the mock. */
export interface Person {
  label: string;
  host: string;
  port: number;
  state: PeerState;
  key: string | null;
  unread?: number;
  muted?: boolean;
  pinned?: boolean;
  verified?: boolean;
  written?: string;
  vanish?: number;
  lines?: Said[];
}

/** Who said what how many minutes ago. */
export type Said =
  | { by: "me" | "them"; ago: number; text: string; late?: number; delivery?: Line["delivery"] }
  | { by: "me" | "them"; ago: number; url: string; host: string | null; delivery?: Line["delivery"] }
  | { by: "me" | "them"; ago: number; call: CallRecord }
  | { by: "me" | "them"; ago: number; vanishing: number | null }
  | { by: "app"; ago: number; notice: Notice }
  | { by: "them"; ago: number; unknown: true };

const LONG_NAME = "Maximiliane-Alexandra von und zu Hohenlohe-Schillingsfürst-Waldenburg";
const HARD_TEXT = `${"no-space-in-this-word-".repeat(30)}\n${"A long text has many lines and is folded until one asks for it. ".repeat(80)}`;

/** One person in every state, so that each can be looked at. */
export function everybody(now: number): Person[] {
  return [
    {
      label: "bob",
      host: "192.0.2.7",
      port: 47800,
      state: { kind: "connected" },
      key: "3fa2b1c4d5e6f708",
      unread: 2,
      lines: [
        { by: "me", ago: 1630, text: "Are you there tomorrow?" },
        { by: "them", ago: 1624, text: "Yes, from ten on." },
        { by: "app", ago: 95, notice: "newKey" },
        { by: "them", ago: 92, text: "Restarted, sorry. Where were we?", late: 34 },
        { by: "me", ago: 41, text: "The agenda. I put it here:" },
        { by: "me", ago: 41, url: "https://example.org/agenda/2026-11", host: "example.org" },
        { by: "them", ago: 38, text: "Got it. The second point looks too long to me,\ncan we split it?" },
        {
          by: "them",
          ago: 38,
          text: "Also see https://bücher.example/liste and www.example.org/minutes, both are current.",
        },
        { by: "me", ago: 12, text: "Good idea. I will write it again this afternoon." },
        { by: "me", ago: 12, text: "👍" },
        { by: "them", ago: 2, text: "Great. Can you send me the number of the room as well?" },
        { by: "them", ago: 1, url: "https://xn--bcher-kva.example/raum", host: "xn--bcher-kva.example" },
      ],
    },
    {
      label: "carol",
      host: "carol.dyn.example.net",
      port: 47801,
      state: { kind: "waiting" },
      key: null,
      lines: [{ by: "me", ago: 25, text: "Hello carol, it is me.", delivery: "queued" }],
    },
    {
      label: "dave",
      host: "198.51.100.23",
      port: 47800,
      state: { kind: "failed", code: "nobodyAnswers", retryAt: now + 24_000 },
      key: "91c07e55a0b1c2d3",
      lines: [
        { by: "them", ago: 340, call: { end: "hungUp", seconds: 754 } },
        { by: "them", ago: 300, text: "Back in a while." },
        { by: "me", ago: 281, call: { end: "noAnswer", seconds: null } },
        { by: "them", ago: 64, call: { end: "cancelled", seconds: null } },
        { by: "me", ago: 4, text: "Tell me when you are back.", delivery: "queued" },
      ],
    },
    {
      label: "erin",
      host: "2001:db8::17",
      port: 47802,
      state: { kind: "stopped", code: "dialingStopped" },
      key: null,
      lines: [
        { by: "app", ago: 9, notice: "wrongPassword" },
        { by: "app", ago: 8, notice: "dialingStopped" },
      ],
    },
    {
      label: LONG_NAME,
      host: "a-very-long-host-name.department.of-a-large-organisation.example.org",
      port: 65535,
      state: { kind: "connected" },
      key: "b7e151628aed2a6a",
      unread: 3,
      muted: true,
      lines: [
        { by: "them", ago: 64, text: HARD_TEXT },
        { by: "them", ago: 63, unknown: true },
        { by: "me", ago: 62, text: "What did you send there?", delivery: "unsupported" },
      ],
    },
    {
      label: "grace",
      host: "10.0.0.12",
      port: 47800,
      state: { kind: "unreachable" },
      key: "243f6a8885a308d3",
      written: "Tell me when",
      lines: [{ by: "me", ago: 3, text: "Did the train stop?", delivery: "sent" }],
    },
    {
      label: "heidi",
      host: "heidi.example.org",
      port: 47800,
      state: { kind: "resolving" },
      key: null,
      unread: 1,
      lines: [{ by: "them", ago: 93, call: { end: "cancelled", seconds: null } }],
    },
    { label: "ivan", host: "203.0.113.4", port: 47800, state: { kind: "reaching" }, key: null },
    { label: "judy", host: "203.0.113.5", port: 47800, state: { kind: "proving" }, key: null },
    { label: "mallory", host: "203.0.113.66", port: 47800, state: { kind: "blocked" }, key: "deadbeef00112233" },
  ];
}

/** Two strangers at the door. */
export function strangers(now: number): RequestSnapshot[] {
  return [
    { id: 1, name: "oscar", address: "198.51.100.80:47800", at: now - 120_000 },
    { id: 2, name: "bob", address: "[2001:db8::bad]:47813", at: now - 30_000 },
  ];
}

/** Lines of a very long conversation. */
export function manyLines(count: number): Said[] {
  return Array.from({ length: count }, (_, i) => ({
    by: i % 5 < 2 ? "me" : "them",
    ago: 2000 + count - i,
    text: `Line ${i + 1} of a long conversation.`,
  }));
}
