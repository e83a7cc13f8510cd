import type { AudioSettings, CallRecord, CallSnapshot, DeviceState, PeerSnapshot, Sender } from "../host/host";
import { duration } from "./time";
import type { Words } from "./words";

/** What the state of a call means to the person: it goes its way, it is proved good, or something is wrong. */
export type Tone = "busy" | "good" | "plain" | "trouble";

export interface CallState {
  text: string;
  tone: Tone;
}

/** What one can do about a trouble, as a button beside its words. */
export type Remedy = "unmute" | "sound" | "write" | null;

export interface Trouble extends Words {
  /** Tells one from another while they come and go. */
  id: string;
  remedy: Remedy;
}

/** Whether sound may flow. */
export function isTalking(call: CallSnapshot | null): boolean {
  return call?.phase === "active" || call?.phase === "reconnecting";
}

/** The state of the call in one line. "Hears you" stands there only when their app has proved it. */
export function callState(call: CallSnapshot, name: string): CallState {
  switch (call.phase) {
    case "searching":
      return { text: `Searching for ${name}…`, tone: "busy" };
    case "ringing":
      return { text: `Ringing at ${name}'s…`, tone: "busy" };
    case "incoming":
      return { text: `${name} is calling`, tone: "plain" };
    case "reconnecting":
      return { text: "Reconnecting…", tone: "busy" };
    case "active":
      return activeState(call, name);
  }
}

function activeState(call: CallSnapshot, name: string): CallState {
  const deaf = listenOnly(call.microphone);
  if (deaf) return { text: deaf, tone: "trouble" };
  const muted = call.peerMuted ? ` · ${name} is muted` : "";
  switch (call.hearing) {
    case "connecting":
      return { text: "Connecting audio…", tone: "busy" };
    case "heard":
      return { text: `${name} hears you${muted}`, tone: "good" };
    case "muted":
      return {
        text: (call.deafened ? "You are deafened: no sound in or out" : "You are muted") + muted,
        tone: "plain",
      };
    case "microphoneSilent":
      return { text: "Your microphone is silent", tone: "trouble" };
    case "noMicrophone":
      return { text: "Listen-only: no microphone", tone: "trouble" };
    case "speakerOff":
      return { text: call.peerDeafened ? `${name} is deafened` : `${name}'s speaker is off`, tone: "trouble" };
    case "notArriving":
      return { text: "Your voice does not arrive", tone: "trouble" };
  }
}

/** Why one can only listen, in two or three words. */
function listenOnly(microphone: DeviceState): string | null {
  switch (microphone.kind) {
    case "missing":
      return "Listen-only: no microphone";
    case "refused":
      return "Listen-only: the microphone is not allowed";
    case "busy":
      return "Listen-only: the microphone is in use";
    case "closed":
    case "open":
      return null;
  }
}

/** What stands in the way of a call that is on: what it is, whose side it is on, and what to do. */
export function callTroubles(call: CallSnapshot, name: string, settings: AudioSettings | null): Trouble[] {
  if (call.phase === "reconnecting") return [reconnecting(name)];
  if (call.phase !== "active") return [];
  const microphone = microphoneTrouble(call.microphone, name, settings?.input ?? null);
  const speaker = speakerTrouble(call.speaker, name, settings?.output ?? null);
  const hearing = microphone ? null : hearingTrouble(call, name);
  const all = [microphone, speaker, hearing, call.fellBack ? FELL_BACK : null];
  return all.filter((trouble) => trouble !== null);
}

/** Louder than the microphone can take. */
export const CLIPPING: Trouble = {
  id: "clipping",
  what: "Your microphone is too loud; your voice is distorted.",
  side: "yours",
  next: "Move away from it, or lower its gain.",
  remedy: "sound",
};

export const TALKING_WHILE_MUTED: Trouble = {
  id: "talking-while-muted",
  what: "You are talking while muted.",
  side: null,
  next: "Nobody hears it.",
  remedy: "unmute",
};

const FELL_BACK: Trouble = {
  id: "fell-back",
  what: "Uncompressed sound was given up: more than 1 % was lost.",
  side: null,
  next: "The call goes on with Opus.",
  remedy: null,
};

function reconnecting(name: string): Trouble {
  return {
    id: "reconnecting",
    what: `Nothing comes from ${name} at the moment.`,
    side: "either",
    next: "The call is kept for 30 seconds and goes on as soon as the network is back.",
    remedy: null,
  };
}

function microphoneTrouble(state: DeviceState, name: string, chosen: string | null): Trouble | null {
  const only = `You hear ${name}, but ${name} does not hear you`;
  const base = { id: "microphone", side: "yours", remedy: "sound" } as const;
  switch (state.kind) {
    case "missing":
      return chosen === null
        ? { ...base, what: `${only}: this computer has no microphone.`, next: "Plug one in; it is used at once." }
        : {
            ...base,
            what: `${only}: the microphone that you chose is not connected.`,
            next: "Connect it, or choose another one.",
          };
    case "refused":
      return {
        ...base,
        what: `${only}: your system does not let this app use the microphone.`,
        next: "Allow it in the privacy settings of your system, then end the call and call again.",
      };
    case "busy":
      return {
        ...base,
        what: `${only}: another program uses the microphone, or it does not open.`,
        next: "Close that program, or choose another microphone. It is tried again by itself.",
      };
    case "closed":
    case "open":
      return null;
  }
}

function speakerTrouble(state: DeviceState, name: string, chosen: string | null): Trouble | null {
  const base = { id: "speaker", side: "yours", remedy: "sound" } as const;
  switch (state.kind) {
    case "missing":
      return chosen === null
        ? {
            ...base,
            what: `You do not hear ${name}: this computer has no speaker.`,
            next: "Plug one in; it is used at once.",
          }
        : {
            ...base,
            what: `You do not hear ${name}: the speaker that you chose is not connected.`,
            next: "Connect it, or choose another one.",
          };
    case "refused":
      return {
        ...base,
        what: `You do not hear ${name}: your system does not let this app use the speaker.`,
        next: "Choose another speaker, or check the sound settings of your system.",
      };
    case "busy":
      return {
        ...base,
        what: `You do not hear ${name}: another program uses the speaker, or it does not open.`,
        next: "Close that program, or choose another speaker. It is tried again by itself.",
      };
    case "closed":
    case "open":
      return null;
  }
}

function hearingTrouble(call: CallSnapshot, name: string): Trouble | null {
  const what = `${name} does not hear you.`;
  switch (call.hearing) {
    case "microphoneSilent":
      return {
        id: "hearing",
        what,
        side: "yours",
        next: "Check the switch on your microphone and its level in the system, or choose another one.",
        remedy: "sound",
      };
    case "speakerOff":
      return {
        id: "hearing",
        what,
        side: "theirs",
        next: call.peerDeafened
          ? "They have switched their sound off; write to them."
          : "Write to them that they check their speaker.",
        remedy: "write",
      };
    case "notArriving":
      return {
        id: "hearing",
        what,
        side: "between",
        next: "Nothing needs to be done; it is sent again and again. If it stays so, end the call and call again.",
        remedy: null,
      };
    case "noMicrophone":
      return { id: "hearing", what, side: "yours", next: "Plug in a microphone; it is used at once.", remedy: "sound" };
    case "connecting":
    case "heard":
    case "muted":
      return null;
  }
}

/** Why this person cannot be called now, or null if they can. */
export function callObstacle(peer: PeerSnapshot, call: CallSnapshot | null): string | null {
  if (call) return call.peer === peer.id ? "This call is on already" : "You are in another call";
  if (peer.state.kind === "blocked") return `You blocked ${peer.label}`;
  // Whoever is not there is looked for.
  return peer.state.kind === "offline" ? "You are offline" : null;
}

/** Whether somebody called and was not spoken to, for other reasons than my will. */
export function isMissed(sender: Sender, { end, seconds }: CallRecord): boolean {
  return sender === "them" && seconds === null && !["rejected", "stopped", "hungUp"].includes(end);
}

/** A call that is over, in a word or two: for the peer list and a screen reader. */
export function callBrief(sender: Sender, call: CallRecord): string {
  if (call.seconds !== null) return `Call, ${duration(call.seconds)}`;
  return isMissed(sender, call) ? "Missed call" : "Call";
}

/** A call that is over: who called, how long, and how it ended. */
export function callRecordWords(sender: Sender, { end, seconds }: CallRecord, name: string): string {
  const mine = sender === "me";
  if (seconds !== null) {
    const who = mine ? `You called ${name}` : `${name} called`;
    const how = { lost: " · the connection was lost", stopped: " · disconnected" }[end as string] ?? "";
    return `${who} · ${duration(seconds)}${how}`;
  }
  return mine ? unanswered(end, name) : missed(end, name);
}

function unanswered(end: CallRecord["end"], name: string): string {
  switch (end) {
    case "rejected":
      return `You called ${name} · rejected`;
    case "busy":
      return `You called ${name} · in another call`;
    case "noAnswer":
      return `You called ${name} · no answer`;
    case "unreachable":
      return `You called ${name} · not reached`;
    case "unsupported":
      return `You called ${name} · their version cannot take calls`;
    case "lost":
      return `You called ${name} · the connection was lost`;
    case "cancelled":
    case "stopped":
    case "hungUp":
      return `You called ${name} · cancelled`;
  }
}

function missed(end: CallRecord["end"], name: string): string {
  switch (end) {
    case "rejected":
      return `${name} called · rejected by you`;
    case "busy":
      return `Missed call from ${name} · you were in another call`;
    case "unsupported":
      return `${name} called · this version cannot take it`;
    case "lost":
    case "unreachable":
      return `Missed call from ${name} · the connection was lost`;
    case "cancelled":
    case "noAnswer":
    case "stopped":
    case "hungUp":
      return `Missed call from ${name}`;
  }
}

/** What one may want to say instead of taking a call. */
export const QUICK_REPLIES = [
  "I call you back in ten minutes.",
  "I cannot talk now. Please write to me.",
  "I am in a meeting. Is it urgent?",
];
