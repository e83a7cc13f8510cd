// The program in front of an AppImage: packaging/appimage-runtime, built for the machine that this runs on.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { must, output, Stop } from "../lib/run.mjs";
import { SOURCES, TARGET } from "./places.mjs";

export const MANIFEST = join(SOURCES, "appimage-runtime/Cargo.toml");
/** No library of the system is needed: it runs on every Linux. The rest makes it smaller. */
const FLAGS = [
  "-Ctarget-feature=+crt-static",
  "-Crelocation-model=static",
  "-Clink-arg=-Wl,-z,noseparate-code,--no-eh-frame-hdr",
];
/** What tells an AppImage (of type 2), and where in the file it is. */
const MARK = { bytes: Buffer.from("AI\x02"), at: 8 };
/** Behind the file system: the CRC-32 of each piece, its length and this word. src/checked.rs reads it. */
const PIECE_BYTES = 1 << 16;
const END = Buffer.from("p2pcrc32");

// With a target, the flags are for what is built and not for what runs while it is built.
const triple = () => /^host: (.*)$/m.exec(output("rustc", ["-vV"]))?.[1];
const built = () => join(TARGET, triple(), "release/appimage-runtime");

export function buildRuntime() {
  const env = { CARGO_TARGET_DIR: TARGET, CARGO_ENCODED_RUSTFLAGS: FLAGS.join("\x1f") };
  return must("cargo", ["build", "--release", "--locked", "--manifest-path", MANIFEST, "--target", triple()], { env });
}

/** The file of an AppImage with this file system in it. `front`: the program. */
export function withRuntime(squashfs, front = runtime()) {
  const marked = Buffer.from(front);
  MARK.bytes.copy(marked, MARK.at);
  const pieces = Array.from({ length: Math.ceil(squashfs.length / PIECE_BYTES) }, (_, n) =>
    squashfs.subarray(n * PIECE_BYTES, (n + 1) * PIECE_BYTES),
  );
  const sums = Buffer.alloc(4 * pieces.length);
  for (const [n, piece] of pieces.entries()) sums.writeUInt32LE(crc32(piece), 4 * n);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(squashfs.length));
  return Buffer.concat([marked, squashfs, sums, length, END]);
}

function runtime() {
  const path = built();
  if (!existsSync(path)) throw new Stop(`${path} is not there: npm run package -- --programs`);
  const bytes = readFileSync(path);
  // It looks for the file system behind its last part, the table of sections: there must be nothing in between.
  const end = Number(bytes.readBigUInt64LE(0x28)) + bytes.readUInt16LE(0x3a) * bytes.readUInt16LE(0x3c);
  if (end !== bytes.length) throw new Stop(`${path} has ${bytes.length} bytes, and its last part ends at ${end}.`);
  return bytes;
}
