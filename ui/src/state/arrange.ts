import type { Line } from "../host/host";
import { dayOf, isLate } from "./time";

/** How a line stands among its neighbours. */
export interface Place {
  /** The day that begins with it. */
  day: number | null;
  /** The first of a group: one sender, one minute. */
  head: boolean;
  /** The last of a group, or of those that came as far as this one: it carries the time and the mark. */
  foot: boolean;
}

/** `before` and `after`: null if there is none, undefined if it is not known. `cut`: something stands between `before` and this line. */
export function placeOf(
  line: Line,
  before: Line | null | undefined,
  after: Line | null | undefined,
  cut: { above: boolean; below: boolean },
): Place {
  const newDay = before !== undefined && (before === null || dayOf(before.at) !== dayOf(line.at));
  const tail = !after || cut.below || dayOf(after.at) !== dayOf(line.at) || !belongTogether(line, after);
  return {
    day: newDay ? dayOf(line.at) : null,
    head: newDay || cut.above || !before || !belongTogether(before, line),
    foot: tail || after?.delivery !== line.delivery,
  };
}

function belongTogether(a: Line, b: Line): boolean {
  return (
    isSaid(a) &&
    isSaid(b) &&
    a.sender === b.sender &&
    minuteOf(a.sentAt) === minuteOf(b.sentAt) &&
    isLate(a.sentAt, a.at) === isLate(b.sentAt, b.at)
  );
}

/** Whether somebody said it; the rest stands by itself. */
function isSaid({ kind }: Line): boolean {
  return kind !== "notice" && kind !== "call" && kind !== "vanishing";
}

function minuteOf(at: number): number {
  return Math.floor(at / 60_000);
}
