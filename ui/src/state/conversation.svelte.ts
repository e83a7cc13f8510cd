import type { Host, Line, Page } from "../host/host";
import { callBrief } from "./callwords";
import { Pull } from "./pull";

/** Lines that one page holds. */
const PAGE = 200;
/** Lines kept at once. A window of the conversation, so that the longest one stays as quick as the shortest. */
export const KEPT = 3 * PAGE;

/** The open conversation: a window of lines that is read again whenever something changed. */
export class Conversation {
  readonly peer: number;
  lines: Line[] = $state.raw([]);
  /** The oldest line that exists. */
  first = $state(0);
  /** One past the newest line that exists. */
  end = $state(0);
  loaded = $state(false);
  /** Whether the reader is at the bottom: then the window follows what comes. */
  following = $state(true);
  /** Where unread lines began when the conversation was opened. */
  unreadFrom: number | null = $state(null);
  /** What a screen reader should say. */
  announcement = $state("");
  /** One past the newest line that was on screen. */
  seen = $state(0);
  #read = 0;
  #host: Host;
  #pull: Pull;
  #queue: Promise<unknown> = Promise.resolve();
  #sending: Promise<unknown> = Promise.resolve();

  constructor(host: Host, peer: number) {
    this.#host = host;
    this.peer = peer;
    this.#pull = new Pull(() => this.#serial(() => this.#refresh()));
  }

  get atStart(): boolean {
    return (this.lines[0]?.seq ?? this.first) <= this.first;
  }

  get atEnd(): boolean {
    return this.#next >= this.end;
  }

  get #next(): number {
    return (this.lines.at(-1)?.seq ?? this.first - 1) + 1;
  }

  refresh(): Promise<void> {
    return this.#pull.run();
  }

  older(): Promise<void> {
    return this.#serial(async () => {
      const start = this.lines[0];
      if (!start || this.atStart) return;
      const page = await this.#page(start.seq);
      this.lines = [...page.lines, ...this.lines].slice(0, KEPT);
    });
  }

  newer(): Promise<void> {
    return this.#serial(async () => {
      if (this.atEnd) return;
      const page = await this.#page(Math.min(this.end, this.#next + PAGE));
      const fresh = page.lines.filter((line) => line.seq >= this.#next);
      this.lines = [...this.lines, ...fresh].slice(-KEPT);
    });
  }

  latest(): Promise<void> {
    return this.#serial(async () => {
      this.following = true;
      if (!this.atEnd) this.lines = (await this.#page(null)).lines;
    });
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

  async #refresh(): Promise<void> {
    const known = this.loaded;
    const follow = !known || (this.atEnd && (this.following || this.lines.length < KEPT));
    const before = follow ? null : this.#next;
    const page = await this.#page(before);
    const heard = this.#next;
    this.#merge(page);
    await this.#refreshPending(page.lines[0]?.seq ?? 0);
    if (!known) this.#open(page);
    else this.#announce(heard);
  }

  #merge(page: Page): void {
    const from = page.lines[0]?.seq;
    if (from === undefined) {
      this.lines = this.lines.filter((line) => line.seq >= page.first);
      return;
    }
    const gap = from > this.#next;
    const kept = gap ? [] : this.lines.filter((line) => line.seq < from && line.seq >= page.first);
    const all = [...kept, ...this.#known(page.lines)];
    this.lines = this.following ? all.slice(-KEPT) : all.slice(0, KEPT);
  }

  /** The page covers the newest lines; what still waits for delivery further up changes too. */
  async #refreshPending(edge: number): Promise<void> {
    for (let below = edge; ; ) {
      const line = this.lines.findLast(
        ({ seq, delivery }) => seq < below && (delivery === "queued" || delivery === "sent"),
      );
      if (!line) return;
      const page = await this.#page(line.seq + 1);
      const fresh = new Map(this.#known(page.lines).map((again) => [again.seq, again]));
      this.lines = this.lines.map((old) => fresh.get(old.seq) ?? old);
      below = page.lines[0]?.seq ?? 0;
    }
  }

  /** Only the delivery of a line ever changes. Whatever is as it was stays the same object and is not drawn again. */
  #known(fresh: Line[]): Line[] {
    const old = new Map(this.lines.map((line) => [line.seq, line]));
    return fresh.map((line) => {
      const known = old.get(line.seq);
      return known && known.delivery === line.delivery ? known : line;
    });
  }

  #open(page: Page): void {
    this.loaded = true;
    this.seen = page.end;
    const unread = this.lines.find((line) => line.seq >= page.read && line.sender === "them");
    this.unreadFrom = unread?.seq ?? null;
  }

  #announce(from: number): void {
    const fresh = this.lines.filter((line) => line.seq >= from && line.sender === "them");
    if (fresh.length > 1) this.announcement = `${fresh.length} new messages`;
    const [line] = fresh;
    if (fresh.length !== 1 || !line) return;
    if (line.kind === "text") this.announcement = line.text.slice(0, 300);
    else if (line.kind === "call") this.announcement = callBrief(line.sender, line.call);
    else if (line.kind === "link") this.announcement = `Link to ${line.host ?? line.url}`;
  }

  async #page(before: number | null): Promise<Page> {
    const page = await this.#host.page(this.peer, before);
    this.first = page.first;
    this.end = page.end;
    this.#read = page.read;
    return page;
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
