// The programs that must be there before anything else, and how old they may be.
import { output, Stop } from "./run.mjs";

const NODE = "20.19";
export const RUST = "1.95";

/** Checks git, Node and Rust, and names the exact thing to install. Returns a remark. */
export function tools() {
  const git = output("git", ["--version"]);
  if (git === undefined) throw new Stop('git is missing: install the package "git" of your system.');

  const node = process.versions.node;
  if (older(node, NODE)) {
    throw new Stop(`Node ${NODE} or newer is needed and this is ${node}: install Node 20 LTS or newer (nodejs.org).`);
  }

  const found = {};
  for (const name of ["rustc", "cargo"]) {
    found[name] = output(name, ["--version"])?.split(" ")[1];
    if (found[name] === undefined) {
      throw new Stop(
        `${name} is missing: install Rust ${RUST} or newer with rustup (rustup.rs), then open a new terminal.`,
      );
    }
    if (older(found[name], RUST)) {
      throw new Stop(`${name} ${RUST} or newer is needed and this is ${found[name]}: run "rustup update stable".`);
    }
  }
  return `${git.replace(" version", "")}, node ${node}, rust ${found.rustc}`;
}

/** Whether `version` is lower than `wanted`, number by number. */
export function older(version, wanted) {
  const have = version.split(/[.-]/).map(Number);
  for (const [i, number] of wanted.split(".").map(Number).entries()) {
    if ((have[i] ?? 0) !== number) return (have[i] ?? 0) < number;
  }
  return false;
}
