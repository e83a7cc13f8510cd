import { MockHost } from "../src/host/mock";
import { open } from "../src/open";
import type { GalleryPage } from "./page";
import { Visitor } from "./visitor";

/**
 * Every view in every state. `gallery.html?page=NAME&theme=dark&contrast=high&text=200` shows one; without a page, the
 * list of all; `lines` makes the conversation with bob that long. `data-gallery` of the document says "ready" or "failed" once the page stands.
 */
const query = new URLSearchParams(location.search);
const pages = Object.values(import.meta.glob<{ default: GalleryPage[] }>("./pages/*.ts", { eager: true })).flatMap(
  (file) => file.default,
);
const page = pages.find(({ name }) => name === query.get("page"));
const root = document.documentElement;

try {
  if (page) await show(page);
  else list();
  await new Promise(requestAnimationFrame);
  await new Promise(requestAnimationFrame);
  root.dataset.gallery = "ready";
} catch (reason) {
  root.dataset.gallery = "failed";
  console.error(reason);
  throw reason;
}

async function show({ view = "main", peer, mock, online = "alice", before, act }: GalleryPage): Promise<void> {
  const lines = Number(query.get("lines") ?? mock?.lines ?? 0);
  const host = new MockHost({ pace: 0, ...mock, lines });
  await dress(host);
  if (online !== null) host.goOnline(online, 47800);
  await before?.(host);
  await open(view, host, peer);
  await act?.(new Visitor(), host);
}

/** The appearance that the address asks for. */
async function dress(host: MockHost): Promise<void> {
  const settings = await host.settings();
  const theme = query.get("theme");
  settings.appearance = {
    theme: theme === "light" || theme === "dark" ? theme : "system",
    contrast: query.get("contrast") === "high" ? "high" : "system",
    textPercent: Number(query.get("text") ?? 100),
  };
  await host.setSettings(settings);
}

function list(): void {
  const links = pages.map(({ name }) => {
    const link = document.createElement("a");
    const address = new URLSearchParams(query);
    address.set("page", name);
    link.href = `?${address}`;
    link.textContent = name;
    const item = document.createElement("li");
    item.append(link);
    return item;
  });
  const all = document.createElement("ul");
  all.append(...links);
  document.body.style.overflow = "auto";
  document.body.replaceChildren(all);
}
