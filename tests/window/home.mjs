// Where a program of a test keeps what it keeps.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import "./process.mjs";

// Registered after that of process.mjs: when the tests are ended from outside, their processes are gone by then.
const roots = new Set();
process.on("exit", () => {
  for (const root of roots) removeRoot(root);
});

/** Makes a directory for the time of a test. */
export function makeRoot(prefix) {
  const root = mkdtempSync(join(tmpdir(), prefix));
  roots.add(root);
  return root;
}

export function removeRoot(root) {
  rmSync(root, { recursive: true, force: true });
  roots.delete(root);
}

/** A fresh home directory below `root`. @returns `{ directory, env }` */
export function makeHome(root, name, more = {}) {
  const directory = join(root, name);
  const runtime = join(root, `${name}-run`);
  mkdirSync(directory, { recursive: true });
  mkdirSync(runtime, { recursive: true, mode: 0o700 });
  const env = {
    PATH: process.env.PATH,
    LANG: "C.UTF-8",
    HOME: directory,
    TMPDIR: runtime,
    XDG_CONFIG_HOME: join(directory, ".config"),
    XDG_CACHE_HOME: join(directory, ".cache"),
    XDG_DATA_HOME: join(directory, ".local/share"),
    XDG_STATE_HOME: join(directory, ".local/state"),
    XDG_RUNTIME_DIR: runtime,
    P2P_COMM_DATA_DIR: join(directory, "p2p-comm"),
    // No graphics card: draw by software, without handing buffers over to one.
    LIBGL_ALWAYS_SOFTWARE: "1",
    WEBKIT_DISABLE_DMABUF_RENDERER: "1",
    RUST_BACKTRACE: "1",
    ...more,
  };
  return { directory, env };
}
