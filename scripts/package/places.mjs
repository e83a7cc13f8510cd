// Where packages are made.
import { join } from "node:path";
import { ROOT } from "../lib/run.mjs";

export const TARGET = process.env.CARGO_TARGET_DIR ?? join(ROOT, "target");
export const RELEASE = join(TARGET, "release");
/** What is given away. */
export const PACKAGES = join(TARGET, "packages");
/** What is made on the way there. */
export const STAGING = join(TARGET, "packaging");
export const SOURCES = join(ROOT, "packaging");
