// A conversation as a file, by the dialogs of the desktop.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chooseFile, openKeeping, pressEscape } from "./remember.mjs";
import { windowTest } from "./stage.mjs";
import { addPeer, meet, openConversation, say, sees } from "./steps.mjs";
import { until } from "./wait.mjs";

const EXPORT = /^Export the conversation$/;
const IMPORT = /^Import a conversation$/;

windowTest("a conversation leaves as a file and comes back from it, by the dialogs of the desktop", async (stage) => {
  const { alice, bob, bobPort } = await meet(stage);
  const screen = stage.screen("alice");
  const { directory } = await stage.home("alice");
  await say(alice, "out and in again");
  await sees(bob, "out and in again");
  await say(bob, "as you wish");
  await sees(alice, "as you wish");

  await openKeeping(alice);
  await alice.click("export-json");
  await screen.window(EXPORT);
  await screen.keys("Escape");
  await screen.noWindow(EXPORT);
  assert.deepEqual(await alice.all("toast"), [], "who gives up is told nothing");

  const file = join(directory, "talk.json");
  await alice.click("export-json");
  await chooseFile(screen, EXPORT, file);
  await alice.shows("toast", /Saved as .*talk\.json/);
  const saved = JSON.parse(readFileSync(file, "utf8"));
  assert.deepEqual(
    saved.lines.map(({ from, text }) => [from, text]),
    [
      ["me", "out and in again"],
      ["them", "as you wish"],
    ],
  );
  const text = join(directory, "talk.txt");
  await alice.click("export-text");
  await chooseFile(screen, EXPORT, text);
  await alice.shows("toast", /Saved as .*talk\.txt/);
  assert.match(readFileSync(text, "utf8"), /bob[\s\S]*as you wish/);

  await pressEscape(alice);
  await alice.none("peer-retention");
  await alice.ask("remove_peer", { peer: (await alice.ask("peers"))[0].id });
  await alice.none("composer");
  await addPeer(alice, { label: "bob", port: bobPort });
  await openConversation(alice, "bob");
  await openKeeping(alice);
  const other = join(directory, "other.json");
  writeFileSync(other, '{"lines":[]}');
  await alice.click("import");
  await chooseFile(screen, IMPORT, other);
  await alice.shows("toast", /no export of a conversation/);
  await alice.click("import");
  await chooseFile(screen, IMPORT, file);
  await alice.shows("toast", /Added 2 lines/);
  await sees(alice, "out and in again", { sender: "me" });
  await sees(alice, "as you wish", { sender: "them" });
  // Time for the desktop to write its list, which has the file for a moment.
  const { env } = await stage.home("alice");
  const list = join(env.XDG_DATA_HOME, "recently-used.xbel");
  await until(
    "the desktop lists no file of a conversation",
    () => existsSync(list) && !/talk|other/.test(readFileSync(list, "utf8")),
  );
});
