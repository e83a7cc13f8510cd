import { SvelteMap } from "svelte/reactivity";
import type { Host } from "../host/host";

/** How long one may go on writing before the draft is handed over, ms. */
const PAUSE = 400;

/** What is written and not sent, by peer. The host keeps it, so that a page that is loaded again has it again. */
export class Drafts {
  #host: Host;
  #texts = new SvelteMap<number, string>();
  #waiting = new Set<number>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(host: Host) {
    this.#host = host;
  }

  get(peer: number): string {
    return this.#texts.get(peer) ?? "";
  }

  /** Whether this page knows the draft of a peer better than the host. */
  has(peer: number): boolean {
    return this.#texts.has(peer);
  }

  set(peer: number, text: string): void {
    this.#texts.set(peer, text);
    this.#waiting.add(peer);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.flush(), PAUSE);
  }

  /** Reads what the host kept, unless something was written here already. */
  async load(peer: number): Promise<void> {
    if (this.has(peer)) return;
    const text = await this.#host.draft(peer);
    if (!this.has(peer)) this.#texts.set(peer, text);
  }

  /** Reads it again: another window may have written on. What is on its way from here is newer. */
  async reread(peer: number): Promise<void> {
    if (this.#waiting.has(peer)) return;
    const text = await this.#host.draft(peer);
    if (!this.#waiting.has(peer)) this.#texts.set(peer, text);
  }

  /** Hands over what waits. */
  flush(): void {
    clearTimeout(this.#timer);
    for (const peer of this.#waiting) {
      // A peer that was removed meanwhile has no draft any more.
      this.#host.setDraft(peer, this.get(peer)).catch((reason) => console.warn("a draft was not kept", reason));
    }
    this.#waiting.clear();
  }

  forget(peer: number): void {
    this.#texts.delete(peer);
    this.#waiting.delete(peer);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#texts.clear();
    this.#waiting.clear();
  }
}
