// Prints what the app is made of, as a CycloneDX list (1.6): the crates and npm packages that About names, with the
// checksums by which cargo and npm know them.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { crates, MANIFESTS, packages } from "./lib/licences.mjs";
import { version } from "./lib/release.mjs";
import { main, ROOT } from "./lib/run.mjs";

await main(async () => {
  const sums = checksums();
  const cargo = crates().map((row) => component("cargo", row, sums.get(row.slice(0, 2).join(" "))));
  const npm = (await packages()).map((row) => component("npm", row, integrity(row[0])));
  const app = { type: "application", name: "p2p-comm", version: version(), "bom-ref": `p2p-comm@${version()}` };
  const list = {
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    version: 1,
    metadata: { component: { ...app, licenses: [{ expression: "MIT OR Apache-2.0" }] } },
    components: [...cargo, ...npm],
  };
  console.log(JSON.stringify(list, null, 1));
});

function component(type, [name, version, licence], hash) {
  const purl = `pkg:${type}/${name.replace("@", "%40")}@${version}`;
  // What follows a semicolon is a notice, no licence.
  const licenses = [{ expression: licence.split(";")[0] }];
  return { type: "library", name, version, "bom-ref": purl, purl, licenses, ...(hash && { hashes: [hash] }) };
}

/** From the Cargo.lock of everything that ships, by "name version". */
function checksums() {
  const locks = MANIFESTS.map((manifest) => readFileSync(join(dirname(manifest), "Cargo.lock"), "utf8"));
  const entries = locks.flatMap((lock) => lock.split("[[package]]").slice(1));
  const value = (entry, key) => new RegExp(`^${key} = "(.*)"$`, "m").exec(entry)?.[1];
  const rows = entries.map((entry) => [`${value(entry, "name")} ${value(entry, "version")}`, value(entry, "checksum")]);
  return new Map(rows.filter(([, sum]) => sum).map(([key, content]) => [key, { alg: "SHA-256", content }]));
}

/** From package-lock.json. */
function integrity(name) {
  const lock = JSON.parse(readFileSync(join(ROOT, "package-lock.json"), "utf8"));
  const base64 = /^sha512-(.*)$/.exec(lock.packages[`node_modules/${name}`]?.integrity ?? "")?.[1];
  return base64 && { alg: "SHA-512", content: Buffer.from(base64, "base64").toString("hex") };
}
