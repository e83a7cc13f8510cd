// The first two minutes of two people who use nothing but the keyboard.
import assert from "node:assert/strict";
import { windowTest } from "./stage.mjs";
import { PASSWORD, peerIs, sees } from "./steps.mjs";
import { until } from "./wait.mjs";

/** More stops than any page has: who has not come there by then never will. */
const STOPS = 60;

windowTest("alice and bob connect, add each other by invite, write and call without a pointer", async (stage) => {
  const [alice, bob] = [await openAt(stage, "alice"), await openAt(stage, "bob")];
  for (const person of [alice, bob]) {
    await person.at("connect-name");
    await person.type(person.name);
    await person.tabTo("connect-password");
    await person.type(PASSWORD);
    await person.press("Return");
    await person.window.one("status-bar");
    await person.tabTo("add-peer");
    await person.press("Return");
    await person.window.shows("invite-mine", /^p2p-comm:/);
  }

  // What alice copies and pastes is her invite; bob's is read out to her, and hers to him.
  await alice.tabTo("invite-copy");
  await alice.press("Return");
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
    await person.tabTo("add-submit");
    await person.press("Return");
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

  await alice.tabTo("call-start");
  await alice.press("Return");
  await bob.window.one("incoming-call");
  await bob.press("F6");
  await bob.tabTo("call-accept");
  await bob.press("Return");
  await alice.window.shows("call-state", /bob hears you/i, 20_000);
  // What had the focus is gone: one goes on in the call, and after it with the text.
  await bob.at("call-peer");
  await bob.tabTo("call-mute");
  await alice.tabTo("call-end");
  await alice.press("Return");
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

class Typist {
  constructor(name, window, screen) {
    this.name = name;
    this.window = window;
    this.screen = screen;
  }

  type(text) {
    return this.screen.type(text);
  }

  press(...keys) {
    return this.screen.keys(...keys);
  }

  /** Waits until this has the focus. */
  at(testId) {
    return until(`${this.name} is at ${testId}`, async () => (await this.#focus()) === testId);
  }

  /** Walks there, wherever the focus is now. */
  async tabTo(testId) {
    await this.window.one(testId);
    const seen = [await this.#focus()];
    while (seen.at(-1) !== testId) {
      if (seen.length > STOPS) assert.fail(`Tab does not lead ${this.name} to ${testId}: ${seen.join(", ")}`);
      const script = (text) => this.window.driver.executeScript(text);
      await script("window.tabbedFrom = document.activeElement");
      await this.press("Tab");
      // On a busy computer the page hears of the key a little later.
      await until("the focus goes on", () => script("return document.activeElement !== window.tabbedFrom"));
      seen.push(await this.#focus());
    }
  }

  /** Waits until a field holds this. */
  holds(testId, text) {
    return until(
      `${testId} holds ${text}`,
      async () => (await (await this.window.one(testId)).getAttribute("value")) === text,
    );
  }

  /** What has the focus. */
  #focus() {
    return this.window.driver.executeScript(
      'const at = document.activeElement; return at.dataset.testid ?? at.getAttribute("aria-label") ?? at.localName',
    );
  }
}
