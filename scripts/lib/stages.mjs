// The stages of `npm test`, in their order. `needs` names stages without which one makes no sense.
// A stage returns an exit code, or `{ skipped: reason }`.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { MANIFEST as RUNTIME } from "../package/runtime.mjs";
import { pythonWith } from "./python.mjs";
import { output, ROOT, run } from "./run.mjs";
import { uiBuild } from "./ui.mjs";

// A fresh clone must build from the committed Cargo.lock; at home cargo may bring it up to date.
const LOCKED = process.env.CI ? ["--locked"] : [];
const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
const EXE = process.platform === "win32" ? ".exe" : "";
const BINDINGS = "ui/src/bindings.gen.ts";
const MINUTE = 60_000;

const cargo = (args, options) => run("cargo", args, options);
const npm = (script) => run("npm", ["run", "--silent", script]);
const hasNextest = () => output("cargo", ["nextest", "--version"]) !== undefined;

export const STAGES = [
  { name: "fmt", run: () => cargo(["fmt", "--all", "--check"]) },
  { name: "ui-check", run: () => npm("ui:check") },
  { name: "ui-test", run: () => npm("ui:test") },
  { name: "ui-build", run: () => uiBuild().then(() => 0) },
  {
    name: "clippy",
    needs: ["ui-build"],
    run: () => cargo(["clippy", "--workspace", "--all-targets", ...LOCKED, "--", "-D", "warnings"]),
  },
  { name: "appimage", run: appImage },
  { name: "arrows", run: () => run(process.execPath, ["scripts/arrows.mjs"]) },
  { name: "claims", run: () => run(process.execPath, ["scripts/claims.mjs"]) },
  { name: "licences", run: () => run(process.execPath, ["scripts/licences.mjs"]) },
  { name: "release", run: () => run(process.execPath, ["scripts/release-check.mjs", "--quick"]) },
  {
    name: "doc",
    needs: ["ui-build"],
    run: () => cargo(["doc", "--no-deps", "--workspace", ...LOCKED], { env: { RUSTDOCFLAGS: "-D warnings" } }),
  },
  { name: "rust", needs: ["ui-build"], run: rust },
  { name: "bindings", needs: ["ui-build"], run: bindings },
  { name: "interop", needs: ["ui-build"], run: interop },
  { name: "router", needs: ["ui-build"], run: router },
  { name: "window", needs: ["ui-build"], run: windows },
];

/** The program in front of the AppImage, which is apart from the workspace; `npm run package:test` tries it out whole. */
async function appImage() {
  if (process.platform !== "linux") return { skipped: "it is for Linux only" };
  const itself = ["--manifest-path", RUNTIME];
  const env = { CARGO_TARGET_DIR: TARGET };
  const fmt = await cargo(["fmt", ...itself, "--check"]);
  const clippy = await cargo(["clippy", ...itself, "--all-targets", "--locked", "--", "-D", "warnings"], { env });
  return (await cargo(["test", ...itself, "--locked"], { env })) || clippy || fmt;
}

async function rust() {
  if (!hasNextest()) return cargo(["test", "--workspace", "--no-fail-fast", ...LOCKED]);
  const code = await cargo(["nextest", "run", "--workspace", "--no-fail-fast", ...LOCKED]);
  // nextest runs no examples in documentation.
  return (await cargo(["test", "--workspace", "--doc", ...LOCKED])) || code;
}

/** The test called "bindings" writes the file; then it must be what git has. The whole workspace, so nothing is built twice. */
async function bindings() {
  const runner = hasNextest() ? ["nextest", "run"] : ["test"];
  const code = await cargo([...runner, "--workspace", ...LOCKED, "bindings"]);
  if (code !== 0) return code;
  const drift = await run("git", ["diff", "--exit-code", "--stat", "--", BINDINGS]);
  if (drift !== 0) console.error(`${BINDINGS} was out of date and has been written anew: look at it and "git add" it`);
  return drift;
}

/** A peer written independently in Python against the real engine. */
async function interop() {
  if (!existsSync(join(ROOT, "tests/interop/run.py"))) return { skipped: "tests/interop/run.py is not there" };
  const python = await pythonWith("tests/interop/requirements.txt", "python");
  if (python === undefined) return 1;
  const built = await buildBinary("p2p-comm-cli");
  if (built.code !== 0) return built.code;
  return run(python, ["tests/interop/run.py"], { env: { P2P_COMM_CLI: built.path }, timeoutMs: 5 * MINUTE });
}

/** Friends on a street of network namespaces, with a home router between them. */
async function router() {
  const { obstacle } = await import("../../tests/router/street.mjs");
  const skipped = obstacle();
  if (skipped) return { skipped };
  const built = await buildBinary("p2p-comm-cli");
  if (built.code !== 0) return built.code;
  return run(process.execPath, ["--test", "--test-reporter=spec", "tests/router/run.mjs"], {
    env: { P2P_COMM_CLI: built.path },
    timeoutMs: 2 * MINUTE,
  });
}

/** The real app on desktops without a screen, driven in its web view. */
async function windows() {
  if (process.platform !== "linux") return { skipped: "only the web view of Linux can be driven from outside" };
  const built = await buildBinary("p2p-comm");
  if (built.code !== 0) return built.code;
  return run(process.execPath, ["--test-reporter=spec", "tests/window/run.mjs"], {
    env: { P2P_COMM_APP: built.path },
    timeoutMs: 12 * MINUTE,
  });
}

/** Builds one program with the libraries that the Rust tests already built: hence the whole workspace's features. */
async function buildBinary(name) {
  const code = await cargo(["build", "--workspace", "--bin", name, ...LOCKED]);
  return { code, path: join(TARGET, "debug", name + EXE) };
}
