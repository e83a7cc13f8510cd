import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Line } from "../host/host";
import { MockHost } from "../host/mock";
import { Conversation, KEPT, PAGE, SPAN } from "./conversation.svelte";

/** Lines of the long conversation, besides those that bob said anyway. */
const MANY = 5000;
let host: MockHost;
let talk: Conversation;

beforeEach(async () => {
  host = new MockHost({ pace: 0, lines: MANY });
  host.goOnline("alice", 47800);
  talk = new Conversation(host, 1);
  await talk.refresh();
});

/** The lines that are here, in order. */
function known(): Line[] {
  return Array.from({ length: talk.end }, (_, seq) => talk.line(seq)).filter((line) => line !== undefined);
}

const last = () => talk.line(talk.end - 1);

test("it opens with its length, its newest lines and the first unread one", () => {
  expect(talk.base).toBe(0);
  expect(talk.end).toBeGreaterThan(MANY);
  expect(last()).toBeDefined();
  expect(talk.unreadFrom).toBe(talk.end - 2);
  expect(known().length).toBe(PAGE);
});

test("a first unread line far up is read, too", async () => {
  await host.markRead(1);
  for (let i = 0; i < 700; i += 1) host.receive(1, `unread ${i}`);
  const again = new Conversation(host, 1);
  await again.refresh();
  expect(again.unreadFrom).toBe(again.end - 700);
  expect(again.line(again.end - 700)).toMatchObject({ text: "unread 0" });
  expect(again.line(again.end - 1)).toMatchObject({ text: "unread 699" });
});

test("what comes into view is read, together with what stands around it", async () => {
  await talk.show(2000, 2020);
  for (let seq = 1900; seq <= 2120; seq += 1) expect(talk.line(seq)?.seq).toBe(seq);
});

test("a walk through everything keeps a limited number of lines", async () => {
  for (let seq = 0; seq < talk.end; seq += 50) await talk.show(seq, seq + 20);
  expect(last()).toBeDefined();
  expect(known().length).toBeLessThanOrEqual(KEPT * PAGE);
});

test("what is in view already is not read again", async () => {
  await talk.show(2000, 2020);
  const read = vi.spyOn(host, "pageFrom");
  await talk.show(2001, 2021);
  expect(read).not.toHaveBeenCalled();
});

test("a scrollbar that is pulled through the pages reads only where it stops", async () => {
  const read = vi.spyOn(host, "pageFrom");
  const shown = Array.from({ length: 20 }, (_, i) => talk.show(i * 200, i * 200 + 20));
  await Promise.all(shown);
  expect(talk.line(3810)).toBeDefined();
  expect(read.mock.calls.length).toBeLessThan(7);
});

test("a flood larger than a page leaves no hole where one looks", async () => {
  for (let i = 0; i < 350; i += 1) host.receive(1, `flood ${i}`);
  await talk.refresh();
  await talk.show(talk.end - 350, talk.end - 1);
  for (let i = 0; i < 350; i += 1) expect(talk.line(talk.end - 350 + i)).toMatchObject({ text: `flood ${i}` });
});

test("a delivery far above the newest line is noticed by who looks there", async () => {
  const grace = (await host.peers()).find(({ label }) => label === "grace")?.id ?? 0;
  const chat = new Conversation(host, grace);
  await chat.refresh();
  await chat.send("first");
  await chat.refresh();
  const seq = chat.end - 1;
  for (let i = 0; i < 900; i += 1) host.receive(grace, "and more");
  await chat.refresh();
  host.setDelivery(grace, seq, "delivered");
  await chat.refresh();
  await chat.show(seq, seq + 10);
  expect(chat.line(seq)).toMatchObject({ text: "first", delivery: "delivered" });
});

test("what did not change is not drawn again", async () => {
  const before = known();
  vi.spyOn(host, "pageFrom").mockImplementation(async (peer, from) =>
    structuredClone(await MockHost.prototype.pageFrom.call(host, peer, from)),
  );
  host.receive(1, "news");
  await talk.refresh();
  expect(before.every((line) => talk.line(line.seq) === line)).toBe(true);
});

test("lines that were dropped meanwhile are gone, and the rows stay where they are", async () => {
  await talk.show(0, 20);
  const pageFrom = MockHost.prototype.pageFrom;
  vi.spyOn(host, "pageFrom").mockImplementation(async (peer, from) => {
    const page = await pageFrom.call(host, peer, Math.max(from, 10));
    return { ...page, first: 10 };
  });
  host.receive(1, "news");
  await talk.refresh();
  expect(talk.base).toBe(0);
  expect(talk.line(9)).toBeUndefined();
  expect(talk.line(10)).toBeDefined();
});

test("a search leads to its line and away from the bottom", async () => {
  await talk.find(321);
  expect(talk.found).toEqual({ seq: 321 });
  expect(talk.line(321)).toBeDefined();
  expect(talk.following).toBe(false);
  await talk.latest();
  expect(talk.following).toBe(true);
  expect(last()).toBeDefined();
});

test("a search leads into a conversation that was not read yet", async () => {
  const fresh = new Conversation(host, 1);
  await fresh.find(12);
  expect(fresh.line(12)).toBeDefined();
  expect(fresh.found).toEqual({ seq: 12 });
});

test("messages are sent one after the other, also after a failure", async () => {
  const order: string[] = [];
  vi.spyOn(host, "sendText").mockImplementation(async (_peer, text) => {
    await new Promise((resolve) => setTimeout(resolve, text === "slow" ? 10 : 0));
    order.push(text);
    if (text === "bad") throw { code: "queueFull", message: "" };
  });
  const sent = [talk.send("slow"), talk.send("bad"), talk.send("quick")];
  await Promise.allSettled(sent);
  expect(order).toEqual(["slow", "bad", "quick"]);
});

test("news is announced, my own words are not", async () => {
  await talk.send("mine");
  await talk.refresh();
  expect(talk.announcement).toBe("");
  host.receive(1, "hello");
  await talk.refresh();
  expect(talk.announcement).toBe("hello");
  host.receive(1, "hello");
  await talk.refresh();
  expect(talk.announcement, "a change on the page, which the same words would not be").toBe("hello\u00a0");
  host.receive(1, "one");
  host.receive(1, "two");
  await talk.refresh();
  expect(talk.announcement).toBe("2 new messages");
});

describe("messages that disappear", () => {
  const LATER = Date.now() + 60_000;
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    host.disappear(1, 2010, LATER);
  });
  afterEach(() => vi.useRealTimers());

  test("they leave no row behind, and are not asked for again", async () => {
    await talk.show(2000, 2020);
    expect(talk.line(2010)).toBeDefined();
    vi.setSystemTime(LATER);
    host.disappear(1, 2010, LATER);
    await talk.refresh();
    expect(talk.line(2010)).toBeUndefined();
    expect(talk.isGone(2010)).toBe(true);
    expect(talk.isGone(2011)).toBe(false);
    expect(talk.neighbour(2011, -1)?.seq).toBe(2009);
    const read = vi.spyOn(host, "pageFrom");
    await talk.show(2005, 2025);
    expect(read).not.toHaveBeenCalled();
  });

  test("a page that is read later has no row for them either", async () => {
    vi.setSystemTime(LATER);
    host.disappear(1, 2010, LATER);
    await talk.show(2000, 2020);
    expect(talk.isGone(2010)).toBe(true);
    expect(talk.line(2009)).toBeDefined();
  });
});

test("a first unread line that disappeared is followed by the next one", async () => {
  await host.markRead(1);
  host.receive(1, "gone soon");
  host.receive(1, "stays");
  host.disappear(1, talk.end);
  const again = new Conversation(host, 1);
  await again.refresh();
  expect(again.line(again.unreadFrom ?? 0)).toMatchObject({ text: "stays" });
});

test("pages that come late are all there in the end, wherever one scrolled meanwhile", async () => {
  const pageFrom = MockHost.prototype.pageFrom;
  vi.spyOn(host, "pageFrom").mockImplementation(async (peer, from) => {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return pageFrom.call(host, peer, from);
  });
  const shown = [3000, 2000, 1000, 1100, 50].map((seq) => talk.show(seq, seq + 20));
  await Promise.all(shown);
  for (let seq = 0; seq <= 170; seq += 1) expect(talk.line(seq)?.seq).toBe(seq);
});

test("of a conversation of many years only as many rows are drawn as a web engine can, around where one is", async () => {
  host = new MockHost({ pace: 0, lines: 3 * SPAN });
  host.goOnline("alice", 47800);
  talk = new Conversation(host, 1);
  await talk.refresh();
  expect(talk.top).toBe(talk.end);
  expect(talk.base).toBeGreaterThan(SPAN);
  await talk.find(5);
  expect(talk.base).toBe(0);
  expect(talk.line(5)).toBeDefined();
  expect(talk.top).toBe(2 * SPAN);
  await talk.show(talk.top - 30, talk.top - 1);
  expect(talk.top).toBeGreaterThan(2 * SPAN);
  expect(talk.base).toBeGreaterThan(0);
  const { base } = talk;
  await talk.show(base + 10, base + 30);
  expect(talk.base).toBeLessThan(base);
  await talk.latest();
  expect(talk.top).toBe(talk.end);
  expect(last()).toBeDefined();
});
