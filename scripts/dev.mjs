// `npm run dev [-- ARGUMENTS]`: the app with the page from Vite's server, so that a change of the page shows at once.
import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { main, ROOT, run, Stop } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const PAGE = "http://localhost:5173";
const READY_MS = 30_000;

await main(async (args) => {
  await setup();
  const vite = spawn(process.execPath, ["node_modules/vite/bin/vite.js", "ui"], {
    cwd: ROOT,
    stdio: ["ignore", "inherit", "inherit"],
  });
  try {
    await answers(vite);
    return await run("cargo", ["run", "-p", "p2p-comm", "--no-default-features", "--", ...args]);
  } finally {
    vite.kill();
  }
});

async function answers(vite) {
  for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(100)) {
    if (vite.exitCode !== null) throw new Stop(`Vite's server ended with exit code ${vite.exitCode}.`);
    if (
      await fetch(PAGE).then(
        (response) => response.ok,
        () => false,
      )
    )
      return;
  }
  throw new Stop(`Nothing answers at ${PAGE}.`);
}
