// The bundler compresses a .deb with gzip. xz at its highest level looks back far enough (64 MiB) to see that both programs
// have the same engine in them, and takes half off. The times in it become those of the version, too.
import { readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { must } from "../lib/run.mjs";
import { date } from "./files.mjs";
import { PACKAGES, STAGING } from "./places.mjs";

/** Packs it anew, in its place. */
export async function smallerDeb() {
  const deb = join(
    PACKAGES,
    readdirSync(PACKAGES).find((name) => name.endsWith(".deb")),
  );
  const tree = join(STAGING, "deb");
  rmSync(tree, { recursive: true, force: true });
  await must("dpkg-deb", ["--raw-extract", deb, tree]);
  const env = { SOURCE_DATE_EPOCH: String(date().getTime() / 1000) };
  await must("dpkg-deb", ["--root-owner-group", "-Zxz", "-z9", "-Sextreme", "--build", tree, deb], { env });
}
