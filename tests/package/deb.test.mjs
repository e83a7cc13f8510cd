// The .deb in a clean root: what it installs starts, talks, and goes away again.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { takePicture } from "../window/picture.mjs";
import { until } from "../window/wait.mjs";
import { choose, connect, talkToEcho } from "./person.mjs";
import { ROLE } from "./screenreader.mjs";
import { install, installed, packageTest, TITLE } from "./stage.mjs";

const SETTINGS = ".config/org.p2pcomm.app/settings.json";

packageTest("what the .deb installs talks to Echo, and leaves only the settings when it is removed", async (stage) => {
  const root = await installed(stage);
  const { home, reader } = stage;
  const program = stage.start(["p2p-comm"]);
  await home.screen.window(TITLE);
  await choose(reader, /^Start hidden/);
  await until("the choice is kept", async () => existsSync(join(home.directory, SETTINGS)));
  await connect(home, reader);
  await talkToEcho(home, reader, "is anybody there");
  await takePicture(home, "installed-deb");
  await program.stop();

  await root.run(["dpkg", "--purge", "p2p-comm"]);
  assert.deepEqual(root.changes(), [], "the system is as it was before");
  const files = readdirSync(home.directory, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const own = files.map(({ parentPath, name }) => join(parentPath, name)).filter((path) => /p2p-?comm\b/.test(path));
  assert.deepEqual(
    own.map((path) => path.slice(home.directory.length + 1)),
    [SETTINGS],
  );
});

packageTest("the command line is installed, and talks", async (stage) => {
  const root = await install(stage);
  assert.match(await root.run(["p2p-comm-cli", "--version"]), /^p2p-comm-cli \d+\.\d+\.\d+$/m);
  assert.match(await root.run(["p2p-comm", "--version"]), /^p2p-comm \d+\.\d+\.\d+$/m);
  assert.match(await root.run(["p2p-comm-cli", "--help"]), /echo[\s\S]*--json|Usage:[\s\S]*echo/);
  const env = { HOME: "/root", P2P_COMM_PASSWORD: "quiet harbour lantern" };
  const echo = root.start(["p2p-comm-cli", "echo", "--name", "bob", "--bind", "127.0.0.1", "--json"], env);
  try {
    const listening = await until("it listens", () => /"port":(\d+)/.exec(echo.output()));
    const peer = ["--peer", `127.0.0.1:${listening[1]}`, "--bind", "127.0.0.1"];
    await root.run(["p2p-comm-cli", "send", "--name", "alice", ...peer, "is anybody there"], env);
    await until("it came", () => echo.output().includes("is anybody there"));
  } finally {
    await echo.stop();
  }
});

packageTest("a link to an invite shows it in the running program, and adds nobody", async (stage) => {
  await installed(stage);
  const { home, reader } = stage;
  stage.start(["p2p-comm"]);
  await home.screen.window(TITLE);
  await connect(home, reader);
  const second = stage.inside.start(["p2p-comm", "p2p-comm:bob@127.0.0.1:9"], home.env);
  assert.equal(await second.exited, 0, second.output());
  await reader.says(/p2p-comm:bob@127\.0\.0\.1:9/);
  await reader.says(/^Add bob$/);
  await reader.press(await reader.part(ROLE.button, /^Cancel$/));
  await reader.says(/0 of 0 peers online/);
});
