// One person, no peer: the built-in Echo answers over the real protocol.
import { windowTest } from "./stage.mjs";
import { connect, openConversation, peerIs, say, sees } from "./steps.mjs";

windowTest("Echo answers what one writes", async (stage) => {
  const alice = await stage.open("alice");
  await connect(alice, { name: "alice" });
  await alice.picture("6-nobody-yet-alice");
  await alice.click("echo-start");
  await peerIs(alice, "Echo", "connected");
  await openConversation(alice, "Echo");
  await say(alice, "is anybody there?");
  await sees(alice, "is anybody there?", { sender: "me", delivery: "delivered" });
  await sees(alice, "is anybody there?", { sender: "them" });
  await alice.picture("7-echo-alice");
});
