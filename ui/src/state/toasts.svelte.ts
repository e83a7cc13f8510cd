/** How long one can take something back. */
export const TOAST_MS = 8000;

export interface Toast {
  id: number;
  text: string;
  tone: "plain" | "danger";
  undo: (() => void) | null;
}

/** Short messages that leave by themselves. They wait while the pointer or the focus is on them, or nobody sees the window. */
export class Toasts {
  list: Toast[] = $state.raw([]);
  #next = 1;
  #timers = new Map<number, ReturnType<typeof setTimeout>>();

  say(text: string, undo: (() => void) | null = null): void {
    this.#show({ id: this.#next++, text, tone: "plain", undo });
  }

  fail(text: string): void {
    this.#show({ id: this.#next++, text, tone: "danger", undo: null });
  }

  dismiss(id: number): void {
    this.#stop(id);
    this.list = this.list.filter((toast) => toast.id !== id);
  }

  hold(): void {
    for (const toast of this.list) this.#stop(toast.id);
  }

  release(): void {
    for (const toast of this.list) this.#start(toast.id);
  }

  clear(): void {
    this.hold();
    this.list = [];
  }

  #show(toast: Toast): void {
    // The same failure twice is one toast that stays longer; more than three would hide the window.
    const others = this.list.filter((old) => old.text !== toast.text || old.undo);
    this.list = [...others, toast].slice(-3);
    this.#start(toast.id);
  }

  #start(id: number): void {
    this.#stop(id);
    if (document.visibilityState === "hidden") return;
    this.#timers.set(
      id,
      setTimeout(() => this.dismiss(id), TOAST_MS),
    );
  }

  #stop(id: number): void {
    clearTimeout(this.#timers.get(id));
    this.#timers.delete(id);
  }
}
