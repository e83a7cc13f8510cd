import { canTalk, keyName } from "./keys";

/** Keys that no text needs: they work everywhere without another key held. */
const ALONE = /^(F\d{1,2}|Pause|ScrollLock|Media\w+)$/;
const MODIFIER = /^(Control|Alt|Shift|Meta|OS)(Left|Right)?$/;

const MAC = /mac/i.test(navigator.platform);
const NAMES: Record<string, string> = MAC
  ? { Control: "⌃", Alt: "⌥", Shift: "⇧", Super: "⌘" }
  : { Control: "Ctrl", Alt: "Alt", Shift: "Shift", Super: "Super" };

/** What a press of keys means as a shortcut that works in every program. */
export type Pressed =
  /** Ready to be used: modifiers in a fixed order and a `KeyboardEvent.code`, such as "Control+Shift+KeyM". */
  | { kind: "keys"; keys: string }
  /** Only keys that go with another one so far. */
  | { kind: "begun"; held: string }
  /** Held by every text or by every window. */
  | { kind: "taken" };

export function pressed(event: KeyboardEvent): Pressed {
  const held = [
    event.ctrlKey && "Control",
    event.altKey && "Alt",
    event.shiftKey && "Shift",
    event.metaKey && "Super",
  ].filter((name) => name !== false);
  if (MODIFIER.test(event.code)) return { kind: "begun", held: held.join("+") };
  // Shift alone writes capitals.
  const free = ALONE.test(event.code) || (held.some((name) => name !== "Shift") && canTalk(event.code));
  return free ? { kind: "keys", keys: [...held, event.code].join("+") } : { kind: "taken" };
}

/** "Control+Shift+KeyM" as people read it: "Ctrl + Shift + M". */
export function keysInWords(keys: string): string {
  return keys
    .split("+")
    .map((key) => NAMES[key] ?? keyName(key))
    .join(" + ");
}
