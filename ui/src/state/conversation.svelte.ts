import { SvelteMap, SvelteSet } from "svelte/reactivity";
import type { Host, Line, Page } from "../host/host";
import { callBrief } from "./callwords";
import { Pull } from "./pull";

/** Lines that one page holds. */
export const PAGE = 200;
/** Pages kept at once, so that the longest conversation costs no more than the shortest. */
export const KEPT = 20;
/** Lines that are read before they come into view. */
const AHEAD = 100;
/** Rows on each side of where one is: web engines draw nothing beyond 33 million pixels, and a row has about 75. */
export const SPAN = 100_000;
/** Rows before the end of them at which the rows move on. */
const NEAR = 1000;

/** The open conversation: its length, and those of its pages that are being looked at. */
export class Conversation {
  readonly peer: number;
  /** The line of the first row. Moves only when one comes near it; what is dropped until then leaves an empty row. */
  base = $state(0);
  /** The oldest line that exists. */
  first = $state(0);
  /** One past the newest line that exists. */
  end = $state(0);
  loaded = $state(false);
  /** Whether the reader is at the bottom: then the view follows what comes. */
  following = $state(true);
  /** Where unread lines began when the conversation was opened. */
  unreadFrom: number | null = $state(null);
  /** The line that was looked for. A new object for each search. */
  found: { seq: number } | null = $state.raw(null);
  /** Long texts that are shown whole. */
  readonly unfolded = new SvelteSet<number>();
  /** What a screen reader should say. */
  announcement = $state("");
  /** One past the newest line that was on screen. */
  seen = $state(0);
  #read = 0;
  #host: Host;
  /** By number; a line that was not read is undefined, one that went away is null. Replaced, never changed. */
  #pages = new SvelteMap<number, (Line | null | undefined)[]>();
  /** The first and the last line in view. */
  #view = { from: 0, to: 0 };
  #pull: Pull;
  #fill: Pull;
  #queue: Promise<unknown> = Promise.resolve();
  #sending: Promise<unknown> = Promise.resolve();

  constructor(host: Host, peer: number) {
    this.#host = host;
    this.peer = peer;
    this.#pull = new Pull(() => this.#serial(() => (this.loaded ? this.#refresh() : this.#open())));
    this.#fill = new Pull(() => this.#serial(() => this.#readMissing()));
  }

  /** One past the line of the last row. */
  get top(): number {
    return Math.min(this.end, this.base + 2 * SPAN);
  }

  /** A line, or undefined if it does not exist or is not read yet. */
  line(seq: number): Line | undefined {
    return this.#slot(seq) ?? undefined;
  }

  /** Whether a line went away, as a message that disappeared. */
  isGone(seq: number): boolean {
    return seq < this.first || this.#slot(seq) === null;
  }

  /** The next line in this direction that did not go away, null if there is none, undefined if it is not read yet. */
  neighbour(seq: number, step: 1 | -1): Line | null | undefined {
    for (let at = seq + step; at >= this.first && at < this.end; at += step) {
      const line = this.#slot(at);
      if (line !== null) return line;
    }
    return null;
  }

  refresh(): Promise<void> {
    return this.#pull.run();
  }

  /** Says which lines are in view. They and those around them are read if they are not here. */
  show(from: number, to: number): Promise<void> {
    this.#view = { from, to };
    const below = this.base > this.first && from - this.base < NEAR;
    if (below || (this.top < this.end && this.top - to < NEAR)) this.#centre(from);
    return this.#missing() === null ? Promise.resolve() : this.#fill.run();
  }

  /** Goes to a line, for instance one that a search found. */
  async find(seq: number): Promise<void> {
    if (!this.loaded) await this.refresh();
    if (seq < this.first || seq >= this.end) return;
    this.following = false;
    if (seq < this.base || seq >= this.top) this.#centre(seq);
    await this.show(seq, seq);
    this.found = { seq };
  }

  /** Goes to the newest line. */
  async latest(): Promise<void> {
    this.following = true;
    if (this.top < this.end) this.#centre(this.end - 1);
    await this.show(this.end - 1, this.end - 1);
  }

  async markRead(): Promise<void> {
    if (this.end <= this.#read) return;
    this.#read = this.end;
    await this.#host.markRead(this.peer);
  }

  /** One after the other: calls of the host may overtake each other, messages must not. */
  send(text: string): Promise<void> {
    return this.#inOrder(() => this.#host.sendText(this.peer, text));
  }

  sendLink(url: string): Promise<void> {
    return this.#inOrder(() => this.#host.sendLink(this.peer, url));
  }

  async #open(): Promise<void> {
    const newest = await this.#host.page(this.peer, null);
    this.base = Math.max(newest.first, Math.min(newest.end, newest.read) - SPAN);
    this.#view = { from: newest.end - 1, to: newest.end - 1 };
    const start = Math.min(newest.lines[0]?.seq ?? newest.end, Math.max(newest.first, newest.end - PAGE));
    this.#take(newest, start);
    if (newest.read < start) {
      this.#view = { from: newest.read, to: newest.read };
      await this.#readFrom(newest.read);
    }
    this.unreadFrom = this.#firstUnread();
    this.seen = this.end;
    this.loaded = true;
  }

  /** Rows before and after this line; the list is drawn anew around it. */
  #centre(seq: number): void {
    this.base = Math.max(this.first, seq - SPAN);
  }

  async #refresh(): Promise<void> {
    const known = this.end;
    const page = await this.#readFrom(known);
    if (this.following && this.top < this.end) this.#centre(this.end - 1);
    this.#drop();
    this.#announce(page.lines.filter((line) => line.seq >= known));
    await this.#readPending(known);
    await this.#readMissing();
  }

  /** Of lines that were here before only the delivery changes, and only while it is not final. */
  async #readPending(before: number): Promise<void> {
    const { from, to } = this.#around();
    for (const [number, page] of [...this.#pages]) {
      if (!page.some((line) => line && line.seq < before && isPending(line))) continue;
      if (number >= from && number <= to) await this.#readPage(number);
      else this.#pages.delete(number);
    }
  }

  async #readMissing(): Promise<void> {
    for (let number = this.#missing(); number !== null; number = this.#missing()) {
      await this.#readPage(number);
      if (this.#lacks(number)) return;
    }
  }

  /** Lines whose time is over went away. */
  #drop(): void {
    const now = Date.now();
    const over = (line: Line | null | undefined) => line?.vanishesAt != null && line.vanishesAt <= now;
    for (const [number, page] of [...this.#pages]) {
      if (page.some(over))
        this.#pages.set(
          number,
          page.map((line) => (over(line) ? null : line)),
        );
    }
  }

  async #readPage(number: number): Promise<void> {
    await this.#readFrom(number * PAGE);
  }

  async #readFrom(from: number): Promise<Page> {
    const page = await this.#host.pageFrom(this.peer, from);
    this.#take(page, from);
    return page;
  }

  /** A page around what is in view that is not read as a whole; first the one in view. */
  #missing(): number | null {
    const { from, to } = this.#around();
    const now = pageOf(this.#view.from);
    if (now >= from && now <= to && this.#lacks(now)) return now;
    for (let number = from; number <= to; number += 1) if (this.#lacks(number)) return number;
    return null;
  }

  #lacks(number: number): boolean {
    const page = this.#pages.get(number);
    const start = Math.max(this.first, number * PAGE);
    const end = Math.min(this.end, (number + 1) * PAGE);
    for (let seq = start; seq < end; seq += 1) if (page?.[seq % PAGE] === undefined) return true;
    return false;
  }

  /** The numbers of the pages in view and beside it. */
  #around(): { from: number; to: number } {
    const from = pageOf(Math.max(this.first, this.#view.from - AHEAD));
    return { from, to: pageOf(Math.min(this.end - 1, this.#view.to + AHEAD)) };
  }

  /** What an answer holds, and what it does not: a line that is missing from `from` on went away. */
  #take(page: Page, from: number): void {
    this.first = page.first;
    this.end = page.end;
    this.#read = page.read;
    const newest = page.lines.at(-1)?.seq ?? from;
    const to = Math.min(page.end, Math.max(newest + 1, from + PAGE));
    const lines = new Map(page.lines.map((line) => [line.seq, line]));
    // The notice that stands for what was dropped has no place of its own.
    const start = Math.max(from, page.first);
    for (let number = pageOf(start); number * PAGE < to; number += 1) this.#merge(number, start, to, lines);
    this.#forget();
  }

  /** Whatever is as it was stays the same object and is not drawn again. */
  #merge(number: number, from: number, to: number, lines: Map<number, Line>): void {
    const old = this.#pages.get(number);
    const page = old ? [...old] : Array.from<Line | null | undefined>({ length: PAGE });
    let changed = false;
    for (let seq = Math.max(from, number * PAGE); seq < Math.min(to, (number + 1) * PAGE); seq += 1) {
      const line = lines.get(seq) ?? null;
      const known = page[seq % PAGE];
      if (
        known !== undefined &&
        known?.delivery === line?.delivery &&
        known?.vanishesAt === line?.vanishesAt &&
        (known === null) === (line === null)
      )
        continue;
      page[seq % PAGE] = line;
      changed = true;
    }
    if (changed) this.#pages.set(number, page);
  }

  /** The pages farthest from what is in view go first. */
  #forget(): void {
    const now = pageOf(this.#view.from);
    const far = [...this.#pages.keys()].sort((a, b) => Math.abs(b - now) - Math.abs(a - now));
    for (const number of far.slice(0, Math.max(0, far.length - KEPT))) this.#pages.delete(number);
  }

  #firstUnread(): number | null {
    for (let seq = Math.max(this.#read, this.first); seq < this.end; seq += 1) {
      const line = this.#slot(seq);
      if (line === undefined) return null;
      if (line?.sender === "them") return seq;
    }
    return null;
  }

  #slot(seq: number): Line | null | undefined {
    return seq < this.first ? undefined : this.#pages.get(pageOf(seq))?.[seq % PAGE];
  }

  #announce(lines: Line[]): void {
    const fresh = lines.filter(({ sender }) => sender === "them");
    if (fresh.length > 1) this.#say(`${fresh.length} new messages`);
    const [line] = fresh;
    if (fresh.length !== 1 || !line) return;
    if (line.kind === "text") this.#say(line.text.slice(0, 300));
    else if (line.kind === "call") this.#say(callBrief(line.sender, line.call));
    else if (line.kind === "link") this.#say(`Link to ${line.host ?? line.url}`);
  }

  /** The same words once more would change nothing on the page and be read by nobody. */
  #say(words: string): void {
    this.announcement = words === this.announcement ? `${words}\u00a0` : words;
  }

  #serial<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(work);
    this.#queue = done.catch(() => {});
    return done;
  }

  #inOrder(work: () => Promise<void>): Promise<void> {
    this.unreadFrom = null;
    const done = this.#sending.then(work);
    this.#sending = done.catch(() => {});
    return done;
  }
}

function pageOf(seq: number): number {
  return Math.floor(seq / PAGE);
}

function isPending({ delivery }: Line): boolean {
  return delivery === "queued" || delivery === "sent";
}
