// However the program is ended in the middle of a call, the other side hears so at once.
import { basename } from "node:path";
import { processesOf } from "./process.mjs";
import { BINARY, windowTest } from "./stage.mjs";
import { meet, peerIs } from "./steps.mjs";

const TITLE = /P2P Privacy Communications/;
/** Silence would be noticed after 2 s at the earliest, and would end the call after 30 s. */
const AT_ONCE_MS = 1500;

leaves("from the tray's menu", async (stage) => {
  const icon = await (await stage.tray()).icon("P2P Privacy Communications – alice");
  await icon.choose("Quit");
});
leaves("by SIGTERM, as at the end of a session", (stage) => signal(stage, "SIGTERM"));
leaves("by SIGHUP, as when its terminal is closed", (stage) => signal(stage, "SIGHUP"));

function leaves(way, leave) {
  windowTest(
    `alice's program is ended in a call ${way}, and bob hears at once that the call is over`,
    async (stage) => {
      const { alice, bob } = await meet(stage);
      await alice.click("call-start");
      await bob.click("call-accept");
      await alice.shows("call-state", /bob hears you/i, 20_000);
      await leave(stage);
      await bob.one("call-line", "", AT_ONCE_MS);
      await bob.none("call-bar");
      await peerIs(bob, "alice", "unreachable", "failed", "resolving", "reaching");
      await stage.screen("alice").noWindow(TITLE);
    },
  );
}

async function signal(stage, name) {
  const programs = processesOf(await stage.home("alice"), basename(BINARY));
  if (programs.length !== 1) throw new Error(`alice's program runs ${programs.length} times`);
  process.kill(programs[0], name);
}
