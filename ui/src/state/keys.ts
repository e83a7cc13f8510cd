const MAC = /mac/i.test(navigator.platform);

/** What a shortcut does. All of them are Ctrl+Shift (on a Mac: Command+Shift) and a letter. */
export type Deed = "call" | "accept" | "end" | "mute" | "deafen";

const LETTERS: Record<Deed, string> = { call: "C", accept: "A", end: "E", mute: "M", deafen: "D" };

/** The shortcut as people read it: for tooltips. */
export function shortcut(deed: Deed): string {
  return MAC ? `⇧⌘${LETTERS[deed]}` : `Ctrl+Shift+${LETTERS[deed]}`;
}

/** The shortcut for `aria-keyshortcuts`. */
export function ariaShortcut(deed: Deed): string {
  return `${MAC ? "Meta" : "Control"}+Shift+${LETTERS[deed]}`;
}

/** What a key press asks for, or null. By letter; by place on the keyboard where the layout has no Latin letters. */
export function deedOf(event: KeyboardEvent): Deed | null {
  if (!event.shiftKey || event.altKey || !(MAC ? event.metaKey : event.ctrlKey)) return null;
  const letter = /^[a-z]$/i.test(event.key) ? event.key.toUpperCase() : event.code.replace(/^Key/, "");
  return (Object.keys(LETTERS) as Deed[]).find((deed) => LETTERS[deed] === letter) ?? null;
}

/** Keys that move, end or confirm something everywhere, and are therefore no keys to talk. */
const TAKEN =
  /^(Escape|Tab|Enter|NumpadEnter|Backspace|Delete|Insert|Arrow.*|Home|End|Page.*|Meta.*|ContextMenu|Unidentified)$/;

/** Whether this key can be chosen for push to talk. */
export function canTalk(code: string): boolean {
  return code !== "" && !TAKEN.test(code);
}

/** "Space", "F8", "V", "Right Ctrl". */
export function keyName(code: string): string {
  const side = /^(Control|Alt|Shift)(Left|Right)$/.exec(code);
  if (side) return `${side[2]} ${side[1] === "Control" ? "Ctrl" : side[1]}`;
  return code.replace(/^(Key|Digit)/, "").replace(/^Numpad/, "Numpad ");
}

/** Whether this key leads from one control to the next. */
export function walks(event: KeyboardEvent): boolean {
  return event.key === "Tab" || event.key.startsWith("Arrow");
}

/**
 * Whether a press of this key belongs to what has the focus: it writes there, or it works a control. A button that was
 * clicked keeps the focus; only one that was walked to by keyboard is meant by the space bar.
 */
export function belongsToFocus(event: KeyboardEvent, walked: boolean): boolean {
  const target = event.target instanceof Element ? event.target : null;
  if (!target) return false;
  const writes = event.key.length === 1;
  if (writes && target.closest("input:not([type=range], [type=radio], [type=checkbox]), textarea, [contenteditable]")) {
    return true;
  }
  const control = "button, select, input, summary, [role=menuitem], [role=link], [role=tab]";
  return walked && event.code === "Space" && target.matches(control);
}
