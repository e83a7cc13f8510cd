import type { GalleryPage } from "../page";

const long = "There are words that do not end and sentences that never stop, ".repeat(12);

/** The window: list, conversation, and what opens over them. */
const pages: GalleryPage[] = [
  { name: "nobody", mock: { people: "empty" } },
  { name: "list" },
  ...(["bob", "carol", "dave", "erin", "grace", "heidi", "ivan", "judy", "Maximiliane"].map((name) => ({
    name: `conversation-${name.toLowerCase()}`,
    act: (visitor) => visitor.open(name),
  })) satisfies GalleryPage[]),
  {
    name: "conversation-waiting-carrier",
    before: (host) => host.setNetwork({ mapping: { kind: "behindNat", address: "100.72.14.9" } }),
    act: (visitor) => visitor.open("dave"),
  },
  {
    name: "addresses-open",
    before: (host) => host.setNetwork({ mapping: { kind: "open", address: "203.0.113.71:47800" } }),
    act: async (visitor) => {
      await visitor.click("my-addresses");
      await visitor.find("status-router");
    },
  },
  {
    name: "conversation-blocked",
    act: async (visitor) => {
      await visitor.find("peer-row");
      await visitor.type("search", "mallory");
      await visitor.open("mallory");
    },
  },
  { name: "conversation-long", mock: { lines: 3000 }, act: (visitor) => visitor.open("bob") },
  { name: "conversation-late", mock: { lines: 3000, late: 50 }, act: (visitor) => visitor.open("bob") },
  {
    name: "conversation-scrolled",
    mock: { lines: 2000 },
    act: async (visitor, host) => {
      await visitor.open("bob");
      await visitor.find("message");
      await visitor.settle();
      const area = await visitor.find("messages");
      area.scrollTop -= 3000;
      await visitor.find("jump");
      await visitor.settle();
      host.receive(1, "You will not see this at once.");
      host.receive(1, "Nor this.");
    },
  },
  {
    name: "conversation-mixed",
    act: async (visitor, host) => {
      for (const text of ["👍", "❤️ 🎉", "https://example.org/a/very/long/path", long, "x".repeat(300), "ok"]) {
        host.receive(1, text);
        await host.sendText(1, text);
      }
      await visitor.open("bob");
    },
  },
  {
    name: "unfolded",
    act: async (visitor) => {
      await visitor.open("Maximiliane");
      await visitor.click("show-all");
    },
  },
  {
    name: "composer-full",
    act: async (visitor) => {
      await visitor.open("bob");
      await visitor.type("composer", `${"One of many lines\n".repeat(12)}end`);
    },
  },
  {
    name: "composer-too-long",
    act: async (visitor) => {
      await visitor.open("bob");
      await visitor.type("composer", "too long ".repeat(8000));
    },
  },
  {
    name: "composer-failed",
    act: async (visitor, host) => {
      await visitor.open("bob");
      host.failNext("sendText", "queueFull");
      await visitor.type("composer", "This one does not fit");
      await visitor.click("send");
      await visitor.find("composer-error");
    },
  },
  {
    name: "share-link",
    act: async (visitor) => {
      await visitor.open("bob");
      await visitor.click("link-open");
      await visitor.type("link-url", "bücher.example/raum");
    },
  },
  {
    name: "menu-peer",
    act: async (visitor) => {
      await visitor.open("bob");
      await visitor.click("peer-menu");
      await visitor.find("peer-remove");
    },
  },
  {
    name: "search",
    before: async (host) => {
      await host.sendText(3, "The agenda for bob is done.");
    },
    act: async (visitor) => {
      await visitor.type("search", "b");
      await visitor.find("search-hit");
    },
  },
  {
    name: "search-nothing",
    act: async (visitor) => {
      await visitor.type("search", "no such thing anywhere");
      await visitor.find("search-none");
    },
  },
  {
    name: "found",
    mock: { lines: 5000 },
    act: async (visitor) => {
      await visitor.type("search", "Line 2500 of");
      await visitor.click("search-hit");
      await visitor.find("message", "Line 2500 of");
      await visitor.settle();
    },
  },
  { name: "rename", act: (visitor) => menu(visitor, "peer-rename", "rename-label") },
  {
    name: "people",
    act: async (visitor) => {
      await visitor.find("peer-row");
      await visitor.press("k", { ctrlKey: true });
      await visitor.find("switch-field");
    },
  },
  {
    name: "shortcuts",
    act: async (visitor) => {
      await visitor.find("peer-row");
      await visitor.press("?", { shiftKey: true });
      await visitor.find("shortcuts");
    },
  },
  { name: "talk", view: "talk", peer: 1, act: async (visitor) => void (await visitor.find("message")) },
  { name: "talk-long-name", view: "talk", peer: 5, act: async (visitor) => void (await visitor.find("composer")) },
  {
    name: "blocked",
    act: async (visitor) => {
      await visitor.click("blocked-open");
      await visitor.find("blocked");
    },
  },
  {
    name: "removed",
    act: async (visitor) => {
      await menu(visitor, "peer-remove", "toast");
    },
  },
  {
    name: "addresses",
    act: async (visitor) => {
      await visitor.click("my-addresses");
    },
  },
];
export default pages;

async function menu(
  visitor: { open(name: string): Promise<void>; click(id: string): Promise<void>; find(id: string): Promise<unknown> },
  item: string,
  then: string,
): Promise<void> {
  await visitor.open("bob");
  await visitor.click("peer-menu");
  await visitor.click(item);
  await visitor.find(then);
}
