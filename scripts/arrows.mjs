// Checks the arrows between the crates: who may depend on whom, and who alone may name a library.
// It reads what the manifests declare, of every kind (normal, build and dev), renamed or not.
import { main, output } from "./lib/run.mjs";

const MODEL = "p2p-comm-model";
const CRYPTO = "p2p-comm-crypto";
const PROTO = "p2p-comm-proto";
const NET = "p2p-comm-net";
const MEDIA = "p2p-comm-media";
const STORE = "p2p-comm-store";
const ENGINE = "p2p-comm-engine";
const CLI = "p2p-comm-cli";
const SHELL = "p2p-comm";
const TESTS = "e2e";
const BENCH = "bench";

/** Every crate of the workspace, and the crates of the workspace that it may name. */
const MAY_NAME = {
  [MODEL]: [],
  [CRYPTO]: [MODEL],
  [NET]: [MODEL],
  [MEDIA]: [MODEL],
  [STORE]: [MODEL],
  [PROTO]: [CRYPTO, MODEL],
  [ENGINE]: [PROTO, CRYPTO, NET, MEDIA, STORE, MODEL],
  [CLI]: [ENGINE],
  [SHELL]: [ENGINE],
  [TESTS]: [ENGINE],
  [BENCH]: [ENGINE, NET, STORE, MODEL],
};

/** Libraries that few crates may name. The benchmarks measure a bare QUIC stream beside ours. */
const ONLY_IN = [
  [/^(quinn|rustls)(-|$)/, [NET, BENCH]],
  [/^rcgen$/, [NET, BENCH]],
  [/^tauri(-|$)/, [SHELL]],
  [/^clap$/, [CLI, SHELL, BENCH]],
  [/^(fernet|spake2)$/, [CRYPTO]],
  [/^(rusqlite(_migration)?|libsqlite3-sys|keyring(-core)?|.+-keyring-store|secret-service|argon2|aes-kw)$/, [STORE]],
  [/^(cpal|pulseaudio|opusic-sys|sonora(-ns)?|rubato|rtrb)$/, [MEDIA]],
];

/** Crates without I/O, and what would bring it in. */
const PURE = [MODEL, CRYPTO, PROTO];
const IO = /^(tokio|async-std|smol|mio|socket2)(-|$)/;

/** The broken rules, each as a sentence. `packages` as `cargo metadata` gives them. */
function brokenArrows(packages) {
  const members = new Set(packages.map(({ name }) => name));
  return packages.flatMap(({ name, dependencies }) => {
    if (!(name in MAY_NAME)) return [`${name} has no rule: say in scripts/arrows.mjs whom it may name`];
    return dependencies.flatMap((dependency) => {
      const other = dependency.name;
      if (members.has(other) && !MAY_NAME[name].includes(other)) return [`${name} may not name ${other}`];
      const owners = ONLY_IN.find(([library]) => library.test(other))?.[1];
      if (owners !== undefined && !owners.includes(name)) return [`${name} may not name ${other}: only ${owners} may`];
      if (PURE.includes(name) && IO.test(other)) return [`${name} may not name ${other}: it does no I/O`];
      return [];
    });
  });
}

await main(() => {
  const metadata = output("cargo", ["metadata", "--format-version", "1", "--no-deps", "--offline"]);
  if (metadata === undefined) {
    console.error("cargo metadata fails: a manifest is broken");
    return 1;
  }
  const { packages } = JSON.parse(metadata);
  const broken = brokenArrows(packages);
  for (const sentence of broken) console.error(sentence);
  if (broken.length === 0) console.log(`the arrows between ${packages.length} crates are as drawn`);
  return broken.length === 0 ? 0 : 1;
});
