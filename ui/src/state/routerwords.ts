import type { NodeStatus } from "../host/host";
import type { Words } from "./words";

/** What came of asking the router to let friends in, and what to do next. Null while we are offline. */
export function routerWords({ phase, port, mapping, pinhole }: NodeStatus): Words | null {
  if (phase !== "online") return null;
  const words = ofIpv4(mapping, `UDP port ${port}`);
  return pinhole ? { ...words, what: `${words.what} Over IPv6 it lets friends in at ${pinhole}.` } : words;
}

function ofIpv4(mapping: NodeStatus["mapping"], port: string): Words {
  const byHand = `forward ${port} to this computer there by hand`;
  const orTheirs = "It is enough if your friend's side can be reached.";
  switch (mapping.kind) {
    case "off":
      return {
        what: "Your router is not asked to let friends in.",
        side: null,
        next: `Beyond your own network, ${byHand}.`,
      };
    case "needless":
      return {
        what: "This computer has a public address of its own, so no router has to be asked.",
        side: null,
        next: `If nobody gets through, let ${port} through its firewall.`,
      };
    case "asking":
      return { what: "Asking your router to let friends in…", side: null, next: "This takes some seconds." };
    case "open":
      return {
        what: `Your router lets friends in at ${mapping.address}.`,
        side: null,
        next: "Your invite has this address.",
      };
    case "behindNat":
      return {
        what: `Your router has no public address${mapping.address ? ` (it has ${mapping.address})` : ""}: most likely another router, such as your provider's, stands before it and lets nobody in.`,
        side: "yours",
        next: "Let your friend's side be the open one, or meet over IPv6 or a VPN.",
      };
    case "refused":
      return {
        what: "Your router refuses to let friends in.",
        side: "yours",
        next: `Allow UPnP or PCP in its settings, or ${byHand}. ${orTheirs}`,
      };
    case "noRouter":
      return {
        what: "No router answered when asked to let friends in.",
        side: "yours",
        next: `Switch on UPnP or PCP in yours, or ${byHand}. ${orTheirs}`,
      };
  }
}
