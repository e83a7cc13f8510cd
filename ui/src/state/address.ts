/** What somebody typed or pasted as an address, taken apart. */
export interface Address {
  host: string;
  /** As typed, unchecked; empty if there was none. */
  port: string;
}

/** Takes "host", "host:port", "[v6]:port" and "v6" apart. Whether the host makes sense is for Rust to say. */
export function splitAddress(typed: string): Address {
  const text = typed.trim();
  const bracketed = /^\[([^\]]+)\](?::(\d+))?$/.exec(text);
  if (bracketed) return { host: bracketed[1] ?? "", port: bracketed[2] ?? "" };
  const single = /^([^:]+):(\d+)$/.exec(text);
  if (single) return { host: single[1] ?? "", port: single[2] ?? "" };
  return { host: text, port: "" };
}

/** A port from 1 to 65535, or null. */
export function parsePort(typed: string): number | null {
  if (!/^\d{1,5}$/.test(typed.trim())) return null;
  const port = Number(typed);
  return port >= 1 && port <= 65535 ? port : null;
}

/** "host:port" as one would paste it. */
export function joinAddress(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
