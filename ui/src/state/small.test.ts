import { LinkifyIt } from "linkify-it";
import { describe, expect, test, vi } from "vitest";
import type { Line } from "../host/host";
import { joinAddress, parsePort, splitAddress } from "./address";
import { placeOf } from "./arrange";
import { bytesLeft, TEXT_LIMIT } from "./bytes";
import { linkify } from "./linkify";
import { initials, tone } from "./person";
import { failedCalls, statusLine } from "./session.svelte";
import { folded, isEmoji } from "./text";
import { dayName, dayOf, isLate, shortTime, stamp } from "./time";

/** Nothing stands between a line and its neighbours. */
const OPEN = { above: false, below: false };

describe("addresses", () => {
  test.each([
    ["192.0.2.7:47800", "192.0.2.7", "47800"],
    ["bob.example:1", "bob.example", "1"],
    ["[2001:db8::1]:47801", "2001:db8::1", "47801"],
    ["[::1]", "::1", ""],
    ["2001:db8::1", "2001:db8::1", ""],
    ["  localhost ", "localhost", ""],
  ])("%s is taken apart", (typed, host, port) => {
    expect(splitAddress(typed)).toEqual({ host, port });
  });

  test.each(["0", "70000", "-1", "1e3", "", " ", "x", "47800.5"])("%j is no port", (typed) => {
    expect(parsePort(typed)).toBeNull();
  });

  test("ports and joined addresses", () => {
    expect(parsePort(" 65535 ")).toBe(65535);
    expect(joinAddress("::1", 5)).toBe("[::1]:5");
    expect(joinAddress("a.example", 5)).toBe("a.example:5");
  });
});

describe("links in a text", () => {
  const links = (text: string) => linkify(text).filter(({ kind }) => kind !== "plain");

  test("the text stays whole", () => {
    const text = "See https://example.org/a, and www.example.org. Or mail to a@example.org!";
    expect(
      linkify(text)
        .map((segment) => segment.text)
        .join(""),
    ).toBe(text);
    expect(links(text).map((segment) => segment.text)).toEqual([
      "https://example.org/a",
      "www.example.org",
      "a@example.org",
    ]);
  });

  test.each(["http://example.org", "WWW.example.org", "a@example.org", "mailto:a@example.org"])(
    "%s alone is found",
    (link) => {
      expect(links(`so ${link} there`).map(({ text }) => text)).toEqual([link]);
    },
  );

  test("a text without a sign of one is not searched", () => {
    const searching = vi.spyOn(LinkifyIt.prototype, "match");
    expect(linkify("main.rs, e.g. 12/3")).toEqual([{ kind: "plain", text: "main.rs, e.g. 12/3" }]);
    expect(searching).not.toHaveBeenCalled();
  });

  test("the real host of another script is shown", () => {
    expect(links("https://bücher.example/x")[1]).toEqual({ kind: "host", text: " (xn--bcher-kva.example)" });
    expect(links("https://аpple.com")[1]?.text).toContain("xn--");
  });

  test("file names are not hosts", () => {
    expect(links("main.rs and README.md and //cdn.example.org")).toEqual([]);
  });

  test("nothing that could run becomes a link", () => {
    expect(links("javascript:alert(1) data:text/html,x file:///etc/passwd")).toEqual([]);
  });
});

describe("lines in groups", () => {
  const at = new Date(2026, 10, 23, 12, 0).getTime();
  const line = (seq: number, sender: "me" | "them", when: number, late = 0): Line => ({
    seq,
    sender,
    sentAt: when - late,
    at: when,
    delivery: null,
    vanishesAt: null,
    kind: "text",
    text: "x",
  });

  test("one sender and one minute are one group", () => {
    const lines = [
      line(0, "me", at),
      line(1, "me", at + 59_000),
      line(2, "me", at + 60_000),
      line(3, "them", at + 60_000),
    ];
    const places = lines.map((one, i) => placeOf(one, lines[i - 1] ?? null, lines[i + 1] ?? null, OPEN));
    expect(places.map(({ head, foot }) => [head, foot])).toEqual([
      [true, false],
      [false, true],
      [true, true],
      [true, true],
    ]);
  });

  test("a new day and the first unread line begin a group", () => {
    const [first, second] = [line(0, "me", at), line(1, "me", at + 86_400_000)];
    expect(placeOf(first, null, second, OPEN)).toMatchObject({ head: true, foot: true });
    expect(placeOf(second, first, null, OPEN).day).not.toBeNull();
    const same = line(1, "me", at);
    expect(placeOf(same, first, null, { above: true, below: false })).toMatchObject({ day: null, head: true });
    expect(placeOf(first, null, same, { above: false, below: true })).toMatchObject({ foot: true });
  });

  test("where a neighbour is not read yet nothing is claimed about the day", () => {
    expect(placeOf(line(5, "me", at), undefined, undefined, OPEN)).toMatchObject({ day: null, head: true });
  });

  test("a mark stands under the last line that came as far", () => {
    const sent = { ...line(0, "me", at), delivery: "delivered" as const };
    const queued = { ...line(1, "me", at), delivery: "queued" as const };
    expect(placeOf(sent, null, queued, OPEN).foot).toBe(true);
  });
});

describe("texts", () => {
  test("few emoji are large, words and many are not", () => {
    expect(["👍", "👩‍👩‍👧 ❤️", "🇫🇷"].map(isEmoji)).toEqual([true, true, true]);
    expect(["7", "ok 👍", "", "👍".repeat(7), "#"].map(isEmoji)).toEqual([false, false, false, false, false]);
  });

  test("long texts are folded, never within a character", () => {
    expect(folded("short\ntext")).toBeNull();
    expect(folded("line\n".repeat(41))?.split("\n").length).toBe(40);
    expect(folded(`${"x".repeat(2399)}😀 and more`)).toBe("x".repeat(2399));
  });
});

describe("times", () => {
  const now = new Date(2026, 10, 23, 12, 0).getTime();

  test("a late message says so in words", () => {
    expect(isLate(now, now + 119_000)).toBe(false);
    expect(stamp(now - 3_600_000, now)).toMatch(/^Written .+, arrived .+/);
    expect(stamp(now, now + 1000)).not.toContain("arrived");
  });

  test("the list tells the day as shortly as it can", () => {
    expect(shortTime(now - 86_400_000, now)).toBe("Yesterday");
    expect(shortTime(now - 3 * 86_400_000, now)).toBe("Fri");
    // Kept messages may be years old.
    expect(shortTime(now - 200 * 86_400_000, now)).not.toMatch(/\d{4}/);
    expect(shortTime(now - 800 * 86_400_000, now)).toMatch(/\d{4}/);
  });

  test.each([-1, 1])("the first and the last that the program gives out have days, too (%i)", (sign) => {
    const at = sign * (100_000_000 - 2) * 86_400_000;
    expect(dayName(dayOf(at), now)).toMatch(/\d{4}/);
    expect(stamp(at, now)).toContain("Written");
  });
});

test("bytes are counted only near the limit, and as UTF-8", () => {
  expect(bytesLeft("short")).toBeNull();
  expect(bytesLeft("x".repeat(TEXT_LIMIT))).toBe(0);
  expect(bytesLeft("ü".repeat(TEXT_LIMIT / 2 + 1))).toBe(-2);
});

test("initials and colours", () => {
  expect(initials("anna maria schmidt")).toBe("AS");
  expect(initials("  ")).toBe("?");
  expect(initials("🦊 fox")).toBe("F");
  expect(tone(null)).toBe(0);
  expect(tone("3fa2b1c4")).toBeGreaterThan(0);
});

test("the status bar is worded as promised", () => {
  const status = {
    name: "NAME",
    port: 47800,
    addresses: [],
    peersOnline: 2,
    peersTotal: 3,
    requestsAllowed: true,
    echo: false,
    failedCallers: [],
    doNotDisturb: false,
    reached: false,
    mapping: { kind: "off" as const },
    pinhole: null,
  };
  expect(statusLine({ ...status, phase: "online" })).toBe("Connected as NAME · UDP port 47800 · 2 of 3 peers online");
  expect(statusLine({ ...status, phase: "online" }, 47800)).toContain("UDP port 47800 ·");
  expect(statusLine({ ...status, port: 47801, phase: "online" }, 47800)).toContain(
    "UDP port 47801 this time (another program has 47800) ·",
  );
  const caller = { address: "10.0.0.9", count: 2, at: 0 };
  expect(failedCalls({ ...status, phase: "online", failedCallers: [caller, caller] })).toBe(
    "4 calls with another password",
  );
});
