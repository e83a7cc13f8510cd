import { expect, test } from "vitest";
import type { NodeStatus } from "../host/host";
import { MockHost } from "../host/mock";
import { routerWords } from "./routerwords";
import { sentence } from "./words";

async function words(some: Partial<NodeStatus>): Promise<string> {
  const host = new MockHost();
  host.goOnline("alice", 47801);
  const told = routerWords({ ...(await host.status()), ...some });
  return told ? sentence(told) : "";
}

test.each<[NodeStatus["mapping"], RegExp]>([
  [{ kind: "off" }, /is not asked.*forward UDP port 47801 to this computer/],
  [{ kind: "needless" }, /public address of its own.*let UDP port 47801 through its firewall/],
  [{ kind: "asking" }, /^Asking your router to let friends in…/],
  [{ kind: "open", address: "203.0.113.7:47801" }, /lets friends in at 203\.0\.113\.7:47801\. Your invite has this/],
  [
    { kind: "behindNat", address: "100.72.14.9" },
    /no public address \(it has 100\.72\.14\.9\): most likely another.*IPv6 or a VPN/,
  ],
  [{ kind: "behindNat", address: null }, /no public address: most likely another router/],
  [{ kind: "refused" }, /refuses to let friends in.*Allow UPnP or PCP.*friend's side can be reached/],
  [{ kind: "noRouter" }, /No router answered.*Switch on UPnP or PCP in yours, or forward UDP port 47801/],
])("what came of asking the router has words and a next step: %o", async (mapping, told) => {
  expect(await words({ mapping })).toMatch(told);
});

test("what is open over IPv6 is said whatever became of IPv4", async () => {
  const told = await words({ mapping: { kind: "noRouter" }, pinhole: "[2001:db8::1]:47801" });
  expect(told).toContain("Over IPv6 it lets friends in at [2001:db8::1]:47801.");
});

test("while offline there is nothing to say", async () => {
  expect(await words({ phase: "offline" })).toBe("");
});
