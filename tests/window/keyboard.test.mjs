// The first two minutes of two people who use nothing but the keyboard.
import { windowTest } from "./stage.mjs";
import { PASSWORD, peerIs, sees } from "./steps.mjs";
import { Typist } from "./typist.mjs";

windowTest("alice and bob connect, add each other by invite, write and call without a pointer", async (stage) => {
  const [alice, bob] = await Promise.all(["alice", "bob"].map((name) => openAt(stage, name)));
  for (const person of [alice, bob]) {
    await person.at("connect-name");
    await person.type(person.name);
    await person.tabTo("connect-password");
    await person.type(PASSWORD);
    await person.press("Return");
    await person.window.one("status-bar");
    await person.choose("add-peer");
    await person.window.shows("invite-mine", /^p2p-comm:/);
  }

  // What alice copies and pastes is her invite; bob's is read out to her, and hers to him.
  await alice.choose("invite-copy");
  await alice.window.shows("toast", /copied/i);
  await alice.tabTo("add-invite");
  await alice.press("ctrl+v");
  const invites = { alice: await alice.window.text("invite-mine"), bob: await bob.window.text("invite-mine") };
  await alice.holds("add-invite", invites.alice);
  await alice.press("ctrl+a");
  await bob.tabTo("add-invite");
  for (const [person, other] of [
    [alice, bob],
    [bob, alice],
  ]) {
    await person.type(invites[other.name]);
    await person.window.one("add-understood");
    await person.holds("add-label", other.name);
    await person.choose("add-submit");
    await person.at("composer");
  }
  await peerIs(alice.window, "bob", "connected");
  await peerIs(bob.window, "alice", "connected");

  await alice.type("hello bob");
  await alice.press("Return");
  await sees(bob.window, "hello bob", { sender: "them" });
  await bob.type("hello alice");
  await bob.press("Return");
  await sees(alice.window, "hello alice", { sender: "them" });

  await alice.choose("call-start");
  await bob.window.one("incoming-call");
  await bob.press("F6");
  await bob.choose("call-accept");
  await alice.window.shows("call-state", /bob hears you/i, 20_000);
  // What had the focus is gone: one goes on in the call, and after it with the text.
  await bob.at("call-peer");
  await bob.tabTo("call-mute");
  await alice.choose("call-end");
  await alice.window.one("call-line");
  await bob.window.one("call-line");
  await bob.window.none("call-bar");
  for (const person of [alice, bob]) {
    await person.at("composer");
    await person.type(`bye, says ${person.name}`);
    await person.holds("composer", `bye, says ${person.name}`);
  }
});

/** Opens the window of somebody who only has a keyboard. */
async function openAt(stage, name) {
  return new Typist(name, await stage.open(name), stage.screen(name));
}
