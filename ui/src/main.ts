import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/controls.css";
import "./styles/overlays.css";
import { mount } from "svelte";
import type { Host } from "./host/host";
import Root from "./Root.svelte";

const host = await chooseHost();
const target = document.getElementById("app");
if (target) mount(Root, { target, props: { host } });

/** The desktop window if we are in one, else believable people in memory: `npm run ui:dev` needs no Rust. */
async function chooseHost(): Promise<Host> {
  if ("__TAURI_INTERNALS__" in window) return (await import("./host/tauri")).tauri;
  const { MockHost } = await import("./host/mock");
  return MockHost.fromQuery(new URLSearchParams(location.search));
}
