// `npm run bench [-- --only NAME]`: every benchmark; one JSON object per line on standard output, a table on standard error.
import { main, run } from "./lib/run.mjs";

await main(async (args) => {
  // The command-line peer is measured as a process of its own.
  const code = await run("cargo", ["build", "--quiet", "--release", "-p", "p2p-comm-cli"]);
  return code || run("cargo", ["run", "--quiet", "--release", "-p", "bench", "--", ...args]);
});
