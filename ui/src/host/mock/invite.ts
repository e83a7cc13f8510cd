import type { Invite, PeerAddress } from "../host";

/** An invite as the engine writes it. */
export function writeInvite({ name, addresses }: Invite): string {
  const who = name ? `${name.replace(/[\s%@,:/?#\p{C}]/gu, encodeURIComponent)}@` : "";
  return `p2p-comm:${who}${addresses.map(writeAddress).join(",")}`;
}

/** An invite as people paste it. Null: there is none in the text. */
export function parseInvite(text: string): Invite | null {
  const plain = text
    .replace(/[\s\p{Cf}"'`“”„‘’‚«»<>]/gu, "")
    .replaceAll("：", ":")
    .replaceAll("，", ",");
  const [, who, list] = /^(?:p2p-comm:)?(?:([^@]*)@)?([^@]+)$/i.exec(plain) ?? [];
  if (!list) return null;
  const addresses = list.split(",").map(parseAddress);
  if (addresses.length > 8 || addresses.some((address) => address === null)) return null;
  try {
    return { name: who ? decodeURIComponent(who) : null, addresses: addresses as PeerAddress[] };
  } catch {
    return null;
  }
}

function writeAddress({ host, port }: PeerAddress): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

function parseAddress(text: string): PeerAddress | null {
  const [, six, name, digits] = /^(?:\[([0-9a-f:.]+)\]|([\p{L}\p{N}._-]+)):(\d{1,5})$/iu.exec(text) ?? [];
  const port = Number(digits);
  return (six || name) && port > 0 && port < 65536 ? { host: (six ?? name ?? "").toLowerCase(), port } : null;
}
