import { beforeEach, expect, test, vi } from "vitest";
import { MockHost } from "../host/mock";
import { Conversation, KEPT } from "./conversation.svelte";

let host: MockHost;
let talk: Conversation;

beforeEach(async () => {
  host = new MockHost({ pace: 0, lines: 2000 });
  host.goOnline("alice", 47800);
  talk = new Conversation(host, 1);
  await talk.refresh();
});

const seqs = () => talk.lines.map(({ seq }) => seq);

function expectUnbroken() {
  const all = seqs();
  expect(all).toEqual(all.map((_, i) => (all[0] ?? 0) + i));
}

test("it opens at the newest page", () => {
  expect(talk.lines.length).toBe(200);
  expect(talk.atEnd).toBe(true);
  expect(talk.unreadFrom).toBe(talk.end - 2);
});

test("going up and down keeps one unbroken window of limited size", async () => {
  while (!talk.atStart) await talk.older();
  expectUnbroken();
  expect(seqs()[0]).toBe(0);
  expect(talk.lines.length).toBe(KEPT);
  expect(talk.atEnd).toBe(false);
  while (!talk.atEnd) await talk.newer();
  expectUnbroken();
  expect(talk.lines.length).toBe(KEPT);
});

test("a reader far up is left in peace by what comes", async () => {
  talk.following = false;
  while (!talk.atStart) await talk.older();
  const before = seqs();
  host.receive(1, "news");
  await talk.refresh();
  expect(seqs()).toEqual(before);
  await talk.latest();
  expect(talk.lines.at(-1)).toMatchObject({ text: "news" });
});

test("a flood larger than a page leaves no hole", async () => {
  for (let i = 0; i < 350; i += 1) host.receive(1, `flood ${i}`);
  await talk.refresh();
  expectUnbroken();
  expect(talk.lines.at(-1)).toMatchObject({ text: "flood 349" });
});

test("a delivery above the newest page is noticed", async () => {
  const long = new MockHost({ pace: 0 });
  long.goOnline("alice", 47800);
  const grace = (await long.peers()).find(({ label }) => label === "grace")?.id ?? 0;
  const chat = new Conversation(long, grace);
  await chat.send("first");
  await chat.refresh();
  for (let i = 0; i < 250; i += 1) {
    long.receive(grace, "and more");
    if (i % 150 === 0) await chat.refresh();
  }
  await chat.refresh();
  const first = () => chat.lines.find((line) => line.kind === "text" && line.text === "first");
  expect(first()?.delivery).toBe("queued");
  long.setDelivery(grace, first()?.seq ?? 0, "delivered");
  await chat.refresh();
  expect(first()?.delivery).toBe("delivered");
});

test("what did not change is not drawn again", async () => {
  const before = talk.lines;
  vi.spyOn(host, "page").mockImplementation(async (peer, at) =>
    structuredClone(await MockHost.prototype.page.call(host, peer, at)),
  );
  host.receive(1, "news");
  await talk.refresh();
  expect(before.every((line) => talk.lines.includes(line))).toBe(true);
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
});
