/** The interface speaks English, so months and days do too; a person with an English system keeps its habits. */
const LOCALE = navigator.language?.startsWith("en") ? navigator.language : "en-GB";

const clockTime = new Intl.DateTimeFormat(LOCALE, { timeStyle: "short" });
const weekday = new Intl.DateTimeFormat(LOCALE, { weekday: "short" });
const shortDate = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short" });
const yearDate = new Intl.DateTimeFormat(LOCALE, { day: "numeric", month: "short", year: "numeric" });
const longDate = new Intl.DateTimeFormat(LOCALE, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const exact = new Intl.DateTimeFormat(LOCALE, { dateStyle: "medium", timeStyle: "medium" });

const DAY = 86_400_000;

/** A difference that a slow clock or a slow network does not explain. */
const LATE = 2 * 60_000;

/** The start of the local day that holds `at`. */
export function dayOf(at: number): number {
  return new Date(at).setHours(0, 0, 0, 0);
}

/** "14:02". */
export function timeOf(at: number): string {
  return clockTime.format(at);
}

/** The shortest that still tells when: for the peer list. */
export function shortTime(at: number, now: number): string {
  const days = Math.round((dayOf(now) - dayOf(at)) / DAY);
  if (days === 0) return timeOf(at);
  if (days === 1) return "Yesterday";
  return days > 1 && days < 7 ? weekday.format(at) : dateOf(at, now);
}

/** The day without its name; with the year if that is another one. */
function dateOf(at: number, now: number): string {
  return (new Date(at).getFullYear() === new Date(now).getFullYear() ? shortDate : yearDate).format(at);
}

/** "Today", "Yesterday", or the full date: for the line between two days. */
export function dayName(day: number, now: number): string {
  const days = Math.round((dayOf(now) - day) / DAY);
  if (days === 0) return "Today";
  return days === 1 ? "Yesterday" : longDate.format(day);
}

/** Whether the sender's clock and ours tell so different times that both are worth showing. */
export function isLate(sentAt: number, at: number): boolean {
  return Math.abs(at - sentAt) > LATE;
}

/** The time under a message, in words if it arrived long after it was written. */
export function stamp(sentAt: number, at: number): string {
  if (!isLate(sentAt, at)) return timeOf(sentAt);
  const sameDay = dayOf(sentAt) === dayOf(at);
  const written = sameDay ? timeOf(sentAt) : `${dateOf(sentAt, at)}, ${timeOf(sentAt)}`;
  return `Written ${written}, arrived ${timeOf(at)}`;
}

/** Both times to the second, for the tooltip. */
export function exactStamp(sentAt: number, at: number): string {
  const written = exact.format(sentAt);
  return isLate(sentAt, at) ? `Written ${written} by the sender's clock\nArrived ${exact.format(at)}` : written;
}

/** "12 seconds", "2 minutes". */
export function seconds(count: number): string {
  if (count < 100) return count === 1 ? "1 second" : `${count} seconds`;
  return `${Math.round(count / 60)} minutes`;
}

/** "0:07", "2:13", "1:02:03". */
export function duration(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (part: number) => String(part).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
