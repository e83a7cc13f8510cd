import { isMissed } from "../../state/callwords";
import type { Content, Delivery, LastLine, Line, Page, SearchHit, Sender } from "../host";
import type { Said } from "./people";

const PAGE = 200;

/** The lines with one peer, as the engine keeps them. */
export class MockConversation {
  lines: Line[] = [];
  revision = 0;
  read = 0;
  /** The oldest line that is still there. */
  first = 0;
  /** Which went away in the middle. */
  #gone = new Set<number>();

  add(sender: Sender, content: Content, at: number, sentAt = at, delivery: Delivery | null = null): Line {
    const line: Line = { seq: this.lines.length, sender, sentAt, at, delivery, vanishesAt: null, ...content };
    this.lines.push(line);
    this.revision += 1;
    return line;
  }

  /** Lines as they were said before the mock began. */
  remember(said: Said[], now: number): void {
    for (const one of said) {
      const at = now - one.ago * 60_000;
      const late = "late" in one && one.late ? one.late * 60_000 : 0;
      const delivery = one.by === "me" ? ("delivery" in one && one.delivery) || "delivered" : null;
      this.add(one.by, contentOf(one), at, at - late, delivery);
    }
  }

  deliver(seq: number, delivery: Delivery): void {
    const old = this.lines[seq];
    // Lines are replaced, never changed: what was read stays as it was, as it does over the bridge.
    if (old) this.lines[seq] = { ...old, delivery };
    this.revision += 1;
  }

  /** Lines that came before this time go. */
  dropBefore(at: number): void {
    while (this.first < this.lines.length && (this.lines[this.first]?.at ?? 0) < at) this.first += 1;
    this.revision += 1;
  }

  /** From this time on one line is gone, as a message that disappears. */
  expire(seq: number, vanishesAt: number): void {
    const old = this.lines[seq];
    if (old) this.lines[seq] = { ...old, vanishesAt };
    if (vanishesAt <= Date.now()) this.#gone.add(seq);
    this.revision += 1;
  }

  page(before: number | null): Page {
    const end = Math.min(before ?? this.lines.length, this.lines.length);
    return this.#between(Math.max(0, end - PAGE), end);
  }

  pageFrom(from: number): Page {
    return this.#between(from, from + PAGE);
  }

  /** The newest first; every word must occur. */
  search(query: string): Omit<SearchHit, "peer">[] {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const [first] = words;
    if (!first) return [];
    const hits: Omit<SearchHit, "peer">[] = [];
    for (let seq = this.lines.length - 1; seq >= this.first && hits.length < 100; seq -= 1) {
      const line = this.lines[seq];
      const text = line?.kind === "text" ? line.text : line?.kind === "link" ? line.url : "";
      const plain = text.toLowerCase();
      if (!line || !words.every((word) => plain.includes(word))) continue;
      const at = plain.indexOf(first);
      const start = Math.max(0, at - 40);
      const excerpt = `${start > 0 ? "…" : ""}${text.slice(start, start + 150)}`;
      const from = at - start + (start > 0 ? 1 : 0);
      hits.push({ seq, mine: line.sender === "me", at: line.at, excerpt, from, to: from + first.length });
    }
    return hits;
  }

  #between(from: number, to: number): Page {
    const lines = this.lines.slice(Math.max(from, this.first), to).filter(({ seq }) => !this.#gone.has(seq));
    const { revision, first, read } = this;
    return { revision, first, end: this.lines.length, read, lines };
  }

  get unread(): number {
    return this.lines.filter((line) => line.seq >= this.read && countsAsUnread(line)).length;
  }

  get last(): LastLine | null {
    const said = ({ kind }: Line) => kind === "text" || kind === "link" || kind === "call";
    const line = this.lines.findLast((one) => one.seq >= this.first && !this.#gone.has(one.seq) && said(one));
    if (!line) return null;
    const text = line.kind === "text" ? line.text : line.kind === "link" ? line.url : "";
    const call = line.kind === "call" ? line.call : null;
    return { text: text.slice(0, 120), call, mine: line.sender === "me", at: line.at };
  }
}

/** A call that was taken or rejected needs no further look. */
function countsAsUnread(line: Line): boolean {
  return line.sender === "them" && (line.kind !== "call" || isMissed(line.sender, line.call));
}

function contentOf(said: Said): Content {
  if ("text" in said) return { kind: "text", text: said.text };
  if ("vanishing" in said) return { kind: "vanishing", after: said.vanishing };
  if ("call" in said) return { kind: "call", call: said.call };
  if ("url" in said) return { kind: "link", url: said.url, host: said.host };
  return "notice" in said ? { kind: "notice", notice: said.notice } : { kind: "unknown" };
}
