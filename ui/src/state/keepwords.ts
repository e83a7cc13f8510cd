import type { Import, KeepCode, Retention, Sender } from "../host/host";
import type { Words } from "./words";

/** What goes wrong with what is remembered. */
export const KEEP_CODES: Record<KeepCode, Words> = {
  wrongPassphrase: {
    what: "This passphrase does not open it.",
    side: null,
    next: "Mind capital letters and the keyboard layout, and try again. Nothing was changed.",
  },
  invalidPassphrase: {
    what: "The passphrase is empty or too long.",
    side: null,
    next: "Type one of up to 1024 bytes.",
  },
  passphraseIsPassword: {
    what: "This is the shared password.",
    side: null,
    next: "Choose another passphrase: whoever finds the files could otherwise test guesses of the password.",
  },
  keychainAbsent: {
    what: "This computer has no keychain that answers.",
    side: "yours",
    next: "Start the keychain of your desktop (such as GNOME Keyring or KWallet) and try again, or use a passphrase.",
  },
  keychainLocked: {
    what: "The keychain of this computer is locked.",
    side: "yours",
    next: "Unlock it when your desktop asks, then try again. If it does not ask, quit and start again.",
  },
  keychainRefused: {
    what: "The keychain of this computer refused.",
    side: "yours",
    next: "Try again, and allow this program when your desktop asks.",
  },
  keychainFailed: {
    what: "The keychain of this computer failed.",
    side: "yours",
    next: "Try again; if it stays so, restart it or log in anew, or use a passphrase.",
  },
  keyLeft: {
    what: "The passphrase opens it from now on, but the keychain of this computer may still have the key.",
    side: "yours",
    next: "It is taken out at a start at which the keychain is unlocked, or when you change the seal once more.",
  },
  noRememberedPassword: {
    what: "The keychain of this computer no longer has the password.",
    side: "yours",
    next: "Type it once more and tick “Remember the password too”.",
  },
  keychainWithoutKey: {
    what: "The keychain of this computer no longer has the key of this profile.",
    side: "yours",
    next: "If you have a backup of the keychain, restore it and try again. Without the key nobody can open the profile: set it aside, or forget it, to begin anew.",
  },
  storeDamaged: {
    what: "What was remembered is damaged and cannot be read.",
    side: "yours",
    next: "Restore its files from a backup and try again, or set it aside and begin anew. It stays as it is until then.",
  },
  storeNewer: {
    what: "A newer version of this program has written what is remembered.",
    side: "yours",
    next: "Install that version again, or set it aside and begin anew. Nothing was changed.",
  },
  storeInUse: {
    what: "Another program on this computer uses this profile.",
    side: "yours",
    next: "Close it, then try again.",
  },
  storeGone: {
    what: "The files of what is remembered are gone or were replaced.",
    side: "yours",
    next: "If they were moved, move them back. If a disk was unplugged, plug it in, quit and start again; what waits is lost then.",
  },
  storeFailed: {
    what: "What is remembered cannot be read or written.",
    side: "yours",
    next: "Check the disk, then try again. If it stays so, set it aside and begin anew, copy the log and report it.",
  },
  diskFull: {
    what: "The disk is full.",
    side: "yours",
    next: "Make room, then try again. What was kept before is safe.",
  },
  diskReadOnly: {
    what: "The place of what is remembered does not allow writing.",
    side: "yours",
    next: "Allow this program to write there, or make the disk writable, then try again.",
  },
  notRemembered: {
    what: "You are not remembered on this computer.",
    side: null,
    next: "Switch it on in the settings under Privacy first.",
  },
  alreadyRemembered: {
    what: "Something is remembered on this computer already.",
    side: null,
    next: "Quit and start again to open it, or forget it first.",
  },
  otherSeal: {
    what: "What is remembered is sealed in another way than you tried.",
    side: null,
    next: "Quit and start again; it then asks for the right one.",
  },
  listNotEmpty: {
    what: "What is remembered can only be opened before anybody is on the list.",
    side: null,
    next: "Quit and start again.",
  },
  conversationNotEmpty: {
    what: "This conversation has messages already.",
    side: null,
    next: "Import into an empty one: add the person anew, then import before you write.",
  },
  vanishUnsupported: {
    what: "Their app is not there, or cannot make messages disappear.",
    side: "theirs",
    next: "Try again while they are connected; if it stays so, ask them to install the newest version.",
  },
  invalidExport: {
    what: "This file is no export of a conversation, or a damaged one.",
    side: null,
    next: "Choose a JSON file that this program has exported. Nothing was added.",
  },
  importTooLarge: {
    what: "This export is too long for a conversation that is not kept.",
    side: null,
    next: "Have its messages kept on this computer, then import again. Nothing was added.",
  },
};

export const RETENTIONS: { value: Retention; text: string }[] = [
  { value: "off", text: "Not kept" },
  { value: "day", text: "For a day" },
  { value: "week", text: "For a week" },
  { value: "month", text: "For a month" },
  { value: "forever", text: "For ever" },
];

/** The times after which messages may disappear, s; 0: never. */
export const TIMERS: { value: number; text: string }[] = [
  { value: 0, text: "They stay" },
  { value: 300, text: "After 5 minutes" },
  { value: 3600, text: "After 1 hour" },
  { value: 86_400, text: "After 1 day" },
  { value: 604_800, text: "After 1 week" },
];

/** Whether lines that are kept now would be deleted. */
export function isShorter(wanted: Retention, now: Retention): boolean {
  const rank = (one: Retention) => RETENTIONS.findIndex(({ value }) => value === one);
  return rank(wanted) < rank(now);
}

/** "5 minutes", "1 hour", "2 days": of a timer, s. */
export function timer(seconds: number): string {
  const units: [number, string][] = [
    [604_800, "week"],
    [86_400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ];
  const [size, unit] = units.find(([size]) => seconds >= size && seconds % size === 0) ?? [1, "second"];
  return countOf(seconds / size, unit);
}

/** "1 line", "1,500 lines". */
function countOf(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}

/** What came of a file into the conversation with somebody. */
export function importedWords({ lines, tooOld, kept, from }: Import, label: string): string {
  const whose = from === label || from === "" ? "" : ` from an export of a conversation with ${from}`;
  const left = tooOld > 0 ? [`${countOf(tooOld, "line")} left out: older than messages are kept here.`] : [];
  const gone = kept || lines === 0 ? [] : ["Not kept on this computer: gone when you quit."];
  return [`${lines > 0 ? `Added ${countOf(lines, "line")}` : "Added no line"}${whose}.`, ...left, ...gone].join(" ");
}

/** How many of the newest lines a search for short words looks at, where there are very many. */
const NEWEST = 100_000;

/** What a search left out. Short words are in no index. */
export const INCOMPLETE = `Words under three letters: only the newest ${NEWEST.toLocaleString("en")} messages were searched.`;

/** The line that announces a timer. */
export function vanishingWords(sender: Sender, after: number | null, name: string): string {
  const who = sender === "me" ? "You" : name;
  if (after === null) return `${who} turned disappearing messages off. Those that come from now on stay.`;
  return `${who} set messages to disappear ${timer(after)} after they came, for both of you.`;
}

/** Why a conversation does not begin with its first line. */
export function beginningWords(remembered: boolean, retention: Retention): string {
  if (!remembered) return "Older messages were dropped to save memory.";
  return retention === "off" ? "Earlier messages were not kept." : "Earlier messages are no longer kept.";
}
