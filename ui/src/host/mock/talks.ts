import type { CallRecord, Delivery, LinkPreview, Notice, Page, SearchHits } from "../host";
import { error } from "./error";
import { previewLink } from "./link";
import { MockRoster, type Peer } from "./roster";

/** The part of the mock that has what was said: messages, links, drafts, searches. */
export abstract class MockTalks extends MockRoster {
  /** Which links were opened. */
  readonly opened: string[] = [];

  // What a test or a screenshot may do to the world outside.

  receive(peer: number, text: string): void {
    const { talk } = this.entry(peer);
    talk.add("them", { kind: "text", text }, Date.now());
    this.talked(peer);
  }

  setDelivery(peer: number, seq: number, delivery: Delivery): void {
    this.entry(peer).talk.deliver(seq, delivery);
    this.talked(peer);
  }

  notice(peer: number, notice: Notice): void {
    this.entry(peer).talk.add("app", { kind: "notice", notice }, Date.now());
    this.talked(peer);
  }

  /** A message of a conversation disappears at this time. */
  disappear(peer: number, seq: number, at = Date.now()): void {
    this.entry(peer).talk.expire(seq, at);
    this.talked(peer);
  }

  // The host.

  async sendText(id: number, text: string): Promise<void> {
    this.check("sendText");
    if (!text.trim()) throw error("messageEmpty");
    if (new TextEncoder().encode(text).length > 64 * 1024) throw error("messageTooLong");
    const peer = this.entry(id);
    const line = peer.talk.add("me", { kind: "text", text }, Date.now(), Date.now(), "queued");
    this.talked(id);
    void this.#deliver(peer, line.seq, text);
  }

  async sendLink(id: number, url: string): Promise<void> {
    this.check("sendLink");
    const link = await this.checkLink(url);
    const peer = this.entry(id);
    const line = peer.talk.add("me", { kind: "link", ...link }, Date.now(), Date.now(), "queued");
    this.talked(id);
    void this.#deliver(peer, line.seq, link.url);
  }

  async checkLink(text: string): Promise<LinkPreview> {
    const link = previewLink(text);
    if (!link) throw error("invalidLink");
    return link;
  }

  async openLink(url: string): Promise<void> {
    this.check("openLink");
    this.opened.push((await this.checkLink(url)).url);
  }

  async page(id: number, before: number | null): Promise<Page> {
    await this.#late();
    return this.entry(id).talk.page(before);
  }

  async pageFrom(id: number, from: number): Promise<Page> {
    await this.#late();
    return this.entry(id).talk.pageFrom(from);
  }

  async setDraft(id: number, text: string): Promise<void> {
    this.change(id, { written: text });
  }

  async draft(id: number): Promise<string> {
    return this.entry(id).written;
  }

  async search(query: string, id: number | null): Promise<SearchHits> {
    const found = this.everyone
      .filter((peer) => id === null || peer.id === id)
      .flatMap((peer) => peer.talk.search(query).map((hit) => ({ ...hit, peer: peer.id })));
    return { hits: found.sort((a, b) => b.at - a.at).slice(0, 100), complete: this.complete };
  }

  async markRead(id: number): Promise<void> {
    const { talk } = this.entry(id);
    talk.read = talk.lines.length;
    this.tell({ peers: true });
  }

  // The world inside.

  protected clear(id: number): void {
    const { talk } = this.entry(id);
    talk.dropBefore(Number.POSITIVE_INFINITY);
    talk.read = talk.lines.length;
    this.talked(id);
  }

  async #deliver(peer: Peer, seq: number, text: string): Promise<void> {
    if (peer.state.kind !== "connected") return;
    for (const delivery of ["sent", "delivered"] as const) {
      await this.pause(350);
      peer.talk.deliver(seq, delivery);
      this.talked(peer.id);
    }
    await this.pause(500);
    if (text.trim().toLowerCase() === "call me") this.calls.ring(peer.id);
    else if (peer.echo) this.receive(peer.id, text);
  }

  protected record(peer: number, sender: "me" | "them", call: CallRecord): void {
    this.entry(peer).talk.add(sender, { kind: "call", call }, Date.now());
    this.talked(peer);
  }

  async #late(): Promise<void> {
    const { late } = this.options;
    if (late > 0) await new Promise((resolve) => setTimeout(resolve, late));
  }
}
