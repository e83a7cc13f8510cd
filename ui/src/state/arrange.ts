import type { Line } from "../host/host";
import { dayOf, isLate } from "./time";

/** What the message area shows, from top to bottom. */
export type Item =
  | { kind: "day"; key: string; day: number }
  | { kind: "unread"; key: string }
  | { kind: "notice"; key: string; line: Line & { kind: "notice" } }
  | { kind: "call"; key: string; line: Line & { kind: "call" } }
  | { kind: "group"; key: string; mine: boolean; lines: Line[] };

/** Puts lines in groups of one sender and one minute, with lines between days and before what is unread. */
export function arrange(lines: Line[], unreadFrom: number | null): Item[] {
  const items: Item[] = [];
  let previous: Line | null = null;
  for (const line of lines) {
    if (!previous || dayOf(previous.at) !== dayOf(line.at)) {
      items.push({ kind: "day", key: `day ${line.seq}`, day: dayOf(line.at) });
    }
    if (line.seq === unreadFrom) items.push({ kind: "unread", key: "unread" });
    const last = items.at(-1);
    if (line.kind === "notice") {
      items.push({ kind: "notice", key: `notice ${line.seq}`, line });
    } else if (line.kind === "call") {
      items.push({ kind: "call", key: `call ${line.seq}`, line });
    } else if (previous && last?.kind === "group" && belongTogether(previous, line)) {
      last.lines.push(line);
    } else {
      items.push({ kind: "group", key: `group ${line.seq}`, mine: line.sender === "me", lines: [line] });
    }
    previous = line;
  }
  return items;
}

function belongTogether(a: Line, b: Line): boolean {
  return (
    a.sender === b.sender &&
    minuteOf(a.sentAt) === minuteOf(b.sentAt) &&
    isLate(a.sentAt, a.at) === isLate(b.sentAt, b.at)
  );
}

function minuteOf(at: number): number {
  return Math.floor(at / 60_000);
}
