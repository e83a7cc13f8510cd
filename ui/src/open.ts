import { type Component, mount } from "svelte";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/overlays.css";
import type { Host } from "./host/host";
import { followAppearance } from "./state/appearance";
import { guardPage } from "./state/guard";

/** The pages of the program: the window, the incoming call, the small call window, a window with one conversation. */
export type View = "main" | "popup" | "compact" | "talk";

/** `peer`: whose conversation it is, where there is one only. */
type Page = Component<{ host: Host; peer: number }>;

const PAGES: Record<View, () => Promise<{ default: Page }>> = {
  main: () => import("./Root.svelte"),
  popup: () => import("./views/popup/Popup.svelte"),
  compact: () => import("./views/compact/Compact.svelte"),
  talk: () => import("./views/talk/Talk.svelte"),
};

/** Draws a page on a host. */
export async function open(view: View, host: Host, peer = 0): Promise<void> {
  const target = document.getElementById("app");
  if (!target) throw new Error("the document has no place for the page");
  guardPage();
  const [{ default: Page }] = await Promise.all([PAGES[view](), followAppearance(host)]);
  mount(Page, { target, props: { host, peer } });
}

/** `?view=` of an address. */
export function viewOf(query: URLSearchParams): View {
  const view = query.get("view");
  return view === "popup" || view === "compact" || view === "talk" ? view : "main";
}
