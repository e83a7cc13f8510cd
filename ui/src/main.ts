import type { Host } from "./host/host";
import { open, viewOf } from "./open";

const query = new URLSearchParams(location.search);
const host = await chooseHost();
await open(viewOf(query), host, Number(query.get("peer")));
// What is drawn now is on screen after the next frame.
requestAnimationFrame(() => requestAnimationFrame(() => host.pageReady().catch(console.warn)));

/** The desktop window if we are in one, else believable people in memory: `npm run ui:dev` needs no Rust. */
async function chooseHost(): Promise<Host> {
  if ("__TAURI_INTERNALS__" in window) return (await import("./host/tauri")).tauri;
  const { MockHost } = await import("./host/mock");
  return MockHost.fromQuery(query);
}
