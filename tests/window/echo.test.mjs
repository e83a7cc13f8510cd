// One person, no peer: the built-in Echo answers over the real protocol.
import { windowTest } from "./stage.mjs";
import { meetEcho, say, sees } from "./steps.mjs";

windowTest("Echo answers what one writes", async (stage) => {
  const alice = await meetEcho(stage);
  await say(alice, "is anybody there?");
  await sees(alice, "is anybody there?", { sender: "me", delivery: "delivered" });
  await sees(alice, "is anybody there?", { sender: "them" });
  await alice.picture("7-echo-alice");
});
