import type { Code, Delivery, Notice, PeerSnapshot, PeerState } from "../host/host";
import { KEEP_CODES } from "./keepwords";
import { seconds } from "./time";

/** Whose side it is on, for failures that have a side. */
export type Side = "yours" | "theirs" | "either" | "between";

/** One thing that went wrong: what happened, whose side it is on, and what to do next. */
export interface Words {
  what: string;
  side: Side | null;
  next: string;
  /** Two or three words for the peer list, where this can stand there. */
  brief?: string;
}

const SIDES: Record<Side, string> = {
  yours: "This is on your side.",
  theirs: "Most likely this is on their side.",
  either: "This can be on either side.",
  between: "This is on the way between you.",
};

/** Every code of the program. The compiler refuses a missing one. */
export const CODES: Record<Code, Words> = {
  ...KEEP_CODES,
  invalidName: { what: "This name has no visible character.", side: null, next: "Type a name, any one you like." },
  invalidPassword: {
    what: "The password is empty or too long.",
    side: null,
    next: "Type the password that you and the others agreed on, 1024 bytes at most.",
  },
  invalidAddress: {
    what: "This is not an address.",
    side: null,
    next: "Type an IP address, a host name, or localhost.",
  },
  invalidPort: { what: "This is not a port.", side: null, next: "Type a number from 1 to 65535." },
  invalidInvite: {
    what: "There is no invite in this text.",
    side: null,
    next: "Paste the whole line that begins with p2p-comm:, or type their address.",
  },
  noQr: {
    what: "No readable QR code is in this picture.",
    side: null,
    next: "Try a sharper picture in which the whole code can be seen.",
  },
  notAnImage: {
    what: "This is not a picture that can be read here.",
    side: null,
    next: "PNG, JPEG, GIF, BMP and WebP of up to 16 MiB can be read.",
  },
  invalidLink: {
    what: "This is not a link, or one of a kind that could do harm.",
    side: null,
    next: "Links that start with https://, http:// or mailto: work.",
  },
  messageEmpty: { what: "There is nothing to send yet.", side: null, next: "Write something first." },
  messageTooLong: {
    what: "This message is longer than 64 KiB.",
    side: null,
    next: "Shorten it, or send it in several parts. Your text is kept.",
  },
  queueFull: {
    what: "Too many messages wait for this person already.",
    side: "yours",
    next: "Wait until they are back and have received them. Your text is kept.",
  },
  portInUse: {
    what: "Another program on this computer uses this UDP port.",
    side: "yours",
    next: "Choose another one under Advanced or in the settings under Network, or leave it empty to get a free one.",
  },
  noNetwork: {
    what: "This computer gave us no network socket.",
    side: "yours",
    next: "Check that the network is on and that no security program stops this app, then try again.",
  },
  notConnected: { what: "You are not connected.", side: "yours", next: "Connect first, then try again." },
  alreadyConnected: { what: "You are connected already.", side: null, next: "Disconnect first to start over." },
  notFound: { what: "This entry is no longer there.", side: null, next: "Nothing needs to be done." },
  duplicatePeer: {
    what: "This address is on your list already.",
    side: null,
    next: "Look for it in the list, or add another address.",
  },
  tooManyPeers: { what: "Your list is full.", side: "yours", next: "Remove somebody first." },
  resolveFailed: {
    what: "This host name is not known.",
    side: "either",
    next: "Check its spelling and your internet connection; with a dynamic name, ask them whether it is up to date.",
    brief: "Name not found",
  },
  nobodyAnswers: {
    what: "Nobody answers at this address.",
    side: "theirs",
    next: "Ask them to open the app and connect, to compare address and port with you, and to let UDP through their firewall or router.",
    brief: "No answer",
  },
  wrongPassword: {
    what: "A different password, or somebody else answers at this address.",
    side: "either",
    next: "Compare passwords by another way than this app. If yours is wrong, disconnect and type it again.",
    brief: "Password differs",
  },
  ownAddress: {
    what: "You added your own address.",
    side: "yours",
    next: "Remove it, and ask the other person for theirs.",
    brief: "Your own address",
  },
  protocolMismatch: {
    what: "Another program, or another version of this one, answers there.",
    side: "either",
    next: "Check the port, and that both of you have the newest version.",
    brief: "Other program",
  },
  protocolError: {
    what: "Their app said something that makes no sense.",
    side: "theirs",
    next: "Ask them which version they have. If it is the newest, please report it.",
    brief: "Their app failed",
  },
  peerBusy: {
    what: "Too many people are connecting to them at this moment.",
    side: "theirs",
    next: "Wait; it is tried again by itself.",
    brief: "Busy",
  },
  dialingStopped: {
    what: "Stopped after three attempts: a different password, or somebody else answers at this address.",
    side: "either",
    next: "Compare passwords with them, then try again.",
    brief: "Password differs",
  },
  keyChanged: {
    what: "Another device answers there than the one that you know.",
    side: "theirs",
    next: "Ask them by another way whether they changed it. Try again only if they did.",
    brief: "Other device",
  },
  wordsChanged: {
    what: "These words belong to a connection that is gone.",
    side: null,
    next: "Compare the words of the new one.",
  },
  connectionLost: {
    what: "The connection was lost.",
    side: "between",
    next: "Nothing needs to be done; it is tried again by itself.",
    brief: "Lost",
  },
  timeout: {
    what: "It took too long.",
    side: "between",
    next: "Try again; if it stays so, the network between you may be very slow.",
    brief: "Too slow",
  },
  waitingForConsent: {
    what: "They have not added you yet.",
    side: "theirs",
    next: "Ask them to add your address, or to accept your request.",
    brief: "Waiting",
  },
  inCall: {
    what: "You are in a call already.",
    side: "yours",
    next: "End it first; there is one call at a time.",
  },
  noCall: { what: "This call is over.", side: null, next: "Call again if you like." },
  callsUnsupported: {
    what: "Their app cannot take calls.",
    side: "theirs",
    next: "Ask them to install the newest version.",
  },
  noSound: {
    what: "The sound device is not there, refused, or in use by another program.",
    side: "yours",
    next: "Choose another one in the settings under Audio, or close what uses it.",
  },
  systemRefused: {
    what: "Your system refused to do this.",
    side: "yours",
    next: "Check that a browser and a clipboard are set up, then try again.",
  },
  internal: {
    what: "This program made a mistake.",
    side: "yours",
    next: "Try again. If it stays so, copy the log from the menu beside your name and report it.",
    brief: "Failed",
  },
};

/** The whole of it in one line. */
export function sentence(words: Words): string {
  return [words.what, words.side && SIDES[words.side], words.next].filter(Boolean).join(" ");
}

/** The words for whatever a call of the host rejected with. */
export function wordsOf(reason: unknown): Words {
  const code = typeof reason === "object" && reason !== null && "code" in reason ? String(reason.code) : "internal";
  return code in CODES ? CODES[code as Code] : CODES.internal;
}

/** A line in the conversation. */
export function noticeWords(notice: Notice, name: string): string {
  const lines: Record<Notice, string> = {
    newKey: `${name} is back with a new key, proved by the password at their address.`,
    unverified: `${name} was verified with the key before, not with this one. Compare the words again in a call.`,
    keyChanged: `Another device answers at the address of ${name}. Ask them by another way before you go on.`,
    wrongPassword: `Pairing failed: ${name} uses a different password, or somebody else answers at this address. Compare passwords.`,
    dialingStopped: "Stopped trying after three failed pairings. Compare passwords, then choose Try again.",
    oldestDropped: "Older messages were dropped to save memory.",
    ownAddress: "This address is your own. Remove the entry and ask the other person for theirs.",
    protocolMismatch: `Another program or version answers at the address of ${name}. Check the port, and that both have the newest version.`,
    vanishUnsupported: `The app of ${name} no longer makes messages disappear. Those from now on stay; what you sent before may stay there, too.`,
    microphoneMoved: "The system's default microphone changed. It is used now.",
    microphoneLost: "Your microphone is gone. Another one is opened, if there is one.",
    microphoneReplaced: "The microphone you chose is not there. The system's default is used.",
    speakerMoved: "The system's default speaker changed. It is used now.",
    speakerLost: "Your speaker is gone. Another one is opened, if there is one.",
    speakerReplaced: "The speaker you chose is not there. The system's default is used.",
  };
  return lines[notice];
}

/** One or two words beside the dot. */
export function stateBrief(state: PeerState): string {
  switch (state.kind) {
    case "offline":
      return "Offline";
    case "resolving":
      return "Looking up";
    case "reaching":
      return "Reaching";
    case "proving":
      return "Proving";
    case "waiting":
      return "Waiting";
    case "connected":
      return "Online";
    case "unreachable":
      return "Unreachable";
    case "failed":
    case "stopped":
      return CODES[state.code].brief ?? "Failed";
    case "blocked":
      return "Blocked";
  }
}

/** The state in words, under the name. */
export function stateLine(peer: PeerSnapshot): string {
  switch (peer.state.kind) {
    case "offline":
      return "Offline";
    case "resolving":
      return `Looking up ${peer.host}…`;
    case "reaching":
      return `Waiting for an answer from ${peer.host}…`;
    case "proving":
      return "Proving the password to each other…";
    case "waiting":
      return "Not added by them yet";
    case "connected":
      return peer.echo ? "Online · answers what you write" : "Online · end-to-end encrypted";
    case "unreachable":
      return "Connection lost, trying to get it back…";
    case "failed":
      return `${CODES[peer.state.code].brief ?? "Failed"} · trying again by itself`;
    case "stopped":
      return `${CODES[peer.state.code].brief ?? "Failed"} · not trying`;
    case "blocked":
      return "Blocked by you";
  }
}

/** What to tell above the messages, or null while all is well or under way. */
export function stateBanner(peer: PeerSnapshot, now: number): Words | null {
  const name = peer.label;
  const { state } = peer;
  switch (state.kind) {
    case "offline":
      return { what: `You are offline, so ${name} cannot be reached.`, side: "yours", next: "Connect to go on." };
    case "waiting":
      return {
        what: `Waiting for ${name} to add you. Keep this open.`,
        side: null,
        next: "Give them your address; what you write now is sent once they add you.",
      };
    case "unreachable":
      return {
        what: `Nothing comes from ${name} any more.`,
        side: "either",
        next: "We keep trying. What you write now is sent as soon as they are back.",
      };
    case "failed": {
      const words = CODES[state.code];
      const left = Math.ceil((state.retryAt - now) / 1000);
      const again = left > 0 ? `The next attempt is in ${seconds(left)}.` : "Trying again now…";
      return { ...words, next: `${words.next} ${again}` };
    }
    case "stopped":
      return CODES[state.code];
    case "blocked":
      return {
        what: `You blocked ${name}.`,
        side: null,
        next: "Nothing of theirs gets through, and to them it looks as if you had not added them.",
      };
    case "resolving":
    case "reaching":
    case "proving":
    case "connected":
      return null;
  }
}

/** How far a message of mine has come. */
export const DELIVERIES: Record<Delivery, string> = {
  queued: "Waiting here",
  sent: "Sent",
  delivered: "Delivered",
  unsupported: "Their version cannot show this",
};
