import type { NodeStatus, PeerSnapshot } from "../host/host";
import { joinAddress } from "./address";
import { briefName } from "./person";
import { seconds } from "./time";
import { CODES, type Words } from "./words";

/**
 * What to tell while somebody is not there yet: that one may wait, what is being tried, and whose side seems closed.
 * Null where there is nothing to wait for.
 */
export function waitingWords(peer: PeerSnapshot, status: NodeStatus, now: number): Words | null {
  const { state } = peer;
  const name = briefName(peer.label);
  const wait = `Keep this open until ${name} appears.`;
  switch (state.kind) {
    case "resolving":
      return { what: wait, side: null, next: `Looking up ${peer.host}…` };
    case "reaching":
      return { what: wait, side: null, next: tried(peer) };
    case "proving":
      return { what: wait, side: null, next: "Their app answers; now both prove that they know the password…" };
    case "waiting":
      return {
        what: `Waiting for ${name} to add you. Keep this open.`,
        side: null,
        next: "Give them your invite; what you write now is sent once they add you.",
      };
    case "failed": {
      const words = state.code === "nobodyAnswers" ? nobodyAnswers(peer, status, name) : CODES[state.code];
      return { ...words, next: `${words.next} ${again(state.retryAt - now)}` };
    }
    case "offline":
    case "connected":
    case "unreachable":
    case "stopped":
    case "blocked":
      return null;
  }
}

function tried({ trying, host, port }: PeerSnapshot): string {
  const [first = joinAddress(host, port), second, ...more] = trying;
  if (!second) return `Trying ${first}…`;
  return more.length > 0 ? `Trying ${first}, ${second} and ${more.length} more…` : `Trying ${first} and ${second}…`;
}

/** Silence has a side only if we know that our own is open. */
function nobodyAnswers({ host, port }: PeerSnapshot, status: NodeStatus, name: string): Words {
  const what = `Nothing answers at ${joinAddress(host, port)}.`;
  if (isHere(host)) {
    return {
      what,
      side: "yours",
      next: "No second app runs on this computer, or it uses another port. Start it, and compare the port.",
    };
  }
  if (status.addresses.every((address) => isHere(address.replace(/:\d+$/, "")))) {
    return { what, side: "yours", next: "This computer has no network at the moment. Check the connection." };
  }
  if (status.reached) {
    return {
      what,
      side: "theirs",
      next: `Others can reach you, so ${name}'s app is not running, or a firewall or router lets nothing in. Ask them to open the app and to compare address and port with you.`,
    };
  }
  const { mapping } = status;
  if (mapping.kind === "behindNat" && !status.pinhole) {
    return {
      what,
      side: "either",
      next: `You can hardly be reached: another router, such as your provider's, stands before yours. ${name}'s side has to be the open one, with the app open and you on the list; or meet over IPv6 or a VPN.`,
    };
  }
  if (mapping.kind === "open") {
    return {
      what,
      side: "either",
      next: `Your router lets others in at ${mapping.address}. Give ${name} your invite, which has this address, and ask them to have the app open and you on the list.`,
    };
  }
  return {
    what,
    side: "either",
    next: `Nobody from outside has reached you yet either. It is enough if one of you can be reached: one opens UDP port ${status.port ?? port} in firewall and router, and ${name} has the app open and you on the list.`,
  };
}

function again(ms: number): string {
  const left = Math.ceil(ms / 1000);
  return left > 0 ? `Keep this open; the next attempt is in ${seconds(left)}.` : "Trying again now…";
}

/** Whether this host is this computer. */
function isHere(host: string): boolean {
  return /^(localhost|127\.[\d.]+|\[?::1\]?)$/i.test(host);
}
