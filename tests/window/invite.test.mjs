// An invite goes from one program to the other as a picture.
import { start } from "./process.mjs";
import { windowTest } from "./stage.mjs";
import { connect, peerIs } from "./steps.mjs";

windowTest("bob reads alice's QR code from a picture that another program put on the clipboard", async (stage) => {
  const [alice, bob] = await Promise.all([stage.open("alice"), stage.open("bob")]);
  await connect(alice, { name: "alice" });
  await connect(bob, { name: "bob" });
  await alice.click("add-peer");
  await alice.click("invite-qr");
  await alice.one("qr");
  const picture = await alice.picture("18-qr-alice");

  const { env } = await stage.home("bob");
  const copying = start("xclip", ["-quiet", "-selection", "clipboard", "-target", "image/png", picture], { env });
  try {
    await bob.click("add-peer");
    await bob.click("add-qr-clipboard");
    await bob.shows("add-submit", /Add alice/);
    await bob.picture("18-qr-read-bob");
    await bob.click("add-submit");
    await peerIs(bob, "alice", "waiting", "connected");
  } finally {
    await copying.stop();
  }
});
