/** Keys that move, end or confirm something everywhere, and are therefore no keys to talk. */
const TAKEN =
  /^(Escape|Tab|Enter|NumpadEnter|Backspace|Delete|Insert|Arrow.*|Home|End|Page.*|Meta.*|ContextMenu|Unidentified)$/;

const FIELDS = "input:not([type=range], [type=radio], [type=checkbox]), textarea, select, [contenteditable]";

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
  if (writes && isWriting(target)) return true;
  const control = "button, select, input, summary, [role=menuitem], [role=link], [role=tab]";
  return walked && event.code === "Space" && target.matches(control);
}

/** Whether what has the focus takes letters. */
export function isWriting(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(FIELDS) !== null;
}
