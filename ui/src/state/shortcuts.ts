const MAC = /mac/i.test(navigator.platform);

/** What a shortcut does in the window. */
export type Deed = CallDeed | WindowDeed;
export type CallDeed = "call" | "accept" | "end" | "mute" | "deafen";
export type WindowDeed =
  | "people"
  | "search"
  | "add"
  | "talk"
  | "settings"
  | "help"
  | "next"
  | "previous"
  | "ahead"
  | "back";

/** `main`: Ctrl, on a Mac Command. */
type Modifier = "main" | "shift" | "alt";

interface Shortcut {
  /** None: it belongs to what has the focus, and stands in the list only. */
  deed?: Deed;
  with: Modifier[];
  /** As `KeyboardEvent.key`, letters as capitals. */
  key: string;
  does: string;
}

/** All there are: the one table for those who press, for tooltips and for the list. */
export const SHORTCUTS: { title: string; list: Shortcut[] }[] = [
  {
    title: "Everywhere",
    list: [
      { deed: "people", with: ["main"], key: "K", does: "Go to somebody" },
      { deed: "search", with: ["main"], key: "F", does: "Search people and messages" },
      { deed: "next", with: ["alt"], key: "ArrowDown", does: "The next conversation" },
      { deed: "previous", with: ["alt"], key: "ArrowUp", does: "The previous conversation" },
      { deed: "ahead", with: [], key: "F6", does: "On to the list, the call, the messages, the text, the status bar" },
      { deed: "back", with: ["shift"], key: "F6", does: "The same way back" },
      { deed: "add", with: ["main"], key: "N", does: "Add a friend" },
      { deed: "talk", with: ["main", "shift"], key: "O", does: "The conversation in its own window" },
      { deed: "settings", with: ["main"], key: ",", does: "Settings" },
      { deed: "help", with: [], key: "?", does: "This list" },
      { with: [], key: "Escape", does: "Close what is open" },
    ],
  },
  {
    title: "Calls",
    list: [
      { deed: "call", with: ["main", "shift"], key: "C", does: "Call" },
      { deed: "accept", with: ["main", "shift"], key: "A", does: "Accept" },
      { deed: "end", with: ["main", "shift"], key: "E", does: "End or reject" },
      { deed: "mute", with: ["main", "shift"], key: "M", does: "Mute or unmute" },
      { deed: "deafen", with: ["main", "shift"], key: "D", does: "Deafen or hear again" },
    ],
  },
  {
    title: "Writing",
    list: [
      { with: [], key: "Enter", does: "Send" },
      { with: ["shift"], key: "Enter", does: "A new line" },
    ],
  },
  {
    title: "In the messages",
    list: [
      { with: [], key: "ArrowUp", does: "The message before" },
      { with: [], key: "ArrowDown", does: "The message after" },
      { with: [], key: "Home", does: "The oldest message" },
      { with: [], key: "End", does: "The newest message" },
      { with: ["main"], key: "C", does: "Copy the message" },
      { with: ["shift"], key: "F10", does: "What can be done with it; in the list: with the person" },
      { with: [], key: "Escape", does: "Back to the text" },
    ],
  },
];

const DEEDS = SHORTCUTS.flatMap(({ list }) => list).filter((one) => one.deed !== undefined);

const NAMES: Record<string, string> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  Escape: "Esc",
  main: MAC ? "⌘" : "Ctrl",
  shift: MAC ? "⇧" : "Shift",
  alt: MAC ? "⌥" : "Alt",
};

/** The keys as people know them, one by one. */
export function keysOf(shortcut: Pick<Shortcut, "with" | "key">): string[] {
  return [...shortcut.with, shortcut.key].map((key) => NAMES[key] ?? key);
}

/** The shortcut as people read it: for tooltips. */
export function shortcut(deed: Deed): string {
  return keysOf(find(deed)).join(MAC ? "" : "+");
}

/** The shortcut for `aria-keyshortcuts`. */
export function ariaShortcut(deed: Deed): string {
  const names = { main: MAC ? "Meta" : "Control", shift: "Shift", alt: "Alt" };
  const { with: held, key } = find(deed);
  return [...held.map((one) => names[one]), key].join("+");
}

/** What a key press asks for, or null. By letter; by place on the keyboard where the layout has no Latin letters. */
export function deedOf(event: KeyboardEvent): Deed | null {
  const letter = /^[a-z]$/i.test(event.key) ? event.key.toUpperCase() : event.code.replace(/^Key/, "");
  const keys = [event.key, letter];
  return DEEDS.find((one) => keys.includes(one.key) && holds(event, one))?.deed ?? null;
}

function holds(event: KeyboardEvent, { with: held, key }: Shortcut): boolean {
  const [main, other] = MAC ? [event.metaKey, event.ctrlKey] : [event.ctrlKey, event.metaKey];
  // On most layouts "?" itself needs Shift.
  const shift = key === "?" || event.shiftKey === held.includes("shift");
  return !other && main === held.includes("main") && event.altKey === held.includes("alt") && shift;
}

function find(deed: Deed): Shortcut {
  return DEEDS.find((one) => one.deed === deed) as Shortcut;
}
