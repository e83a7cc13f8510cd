// A friend behind a real home router: `miniupnpd` between network namespaces, two command lines, real packets.
// Needs Linux and root; P2P_COMM_CLI names the program.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Street } from "./street.mjs";

const PORT = 47800;
// The daemon takes the networks for examples (RFC 5737) for private ones, hence addresses that somebody has.

const ALICE_V6 = "2a02:47::2";

/** alice - 192.168.77.0/24 - home router - internet - bob; with a provider's router in between if its network (three numbers) is given. `v6`: IPv6, too. */
async function street(context, { carrier, v6 = false, upnp = [] } = {}) {
  const street = new Street();
  context.after(() => street.clear());
  for (const name of ["alice", "home", "internet", "bob"]) street.host(name);
  street.cable(["alice", "lan", "192.168.77.2/24"], ["home", "lan", "192.168.77.1/24"]);
  street.gateway("alice", "192.168.77.1");
  street.cable(["bob", "wan", "198.51.100.2/24"], ["internet", "bob", "198.51.100.1/24"]);
  street.gateway("bob", "198.51.100.1");
  if (carrier) {
    street.host("carrier");
    street.cable(["home", "wan", `${carrier}.9/24`], ["carrier", "cust", `${carrier}.1/24`]);
    street.gateway("home", `${carrier}.1`);
    street.cable(["carrier", "wan", "25.0.113.7/24"], ["internet", "carrier", "25.0.113.1/24"]);
    street.gateway("carrier", "25.0.113.1");
    street.translate("carrier", "wan");
  } else {
    street.cable(["home", "wan", "25.0.113.7/24"], ["internet", "home", "25.0.113.1/24"]);
    street.gateway("home", "25.0.113.1");
  }
  street.translate("home", "wan");
  if (v6) {
    street.address("alice", "lan", `${ALICE_V6}/64`);
    // As home routers do, it shows its network a link-local address.
    street.address("home", "lan", "2a02:47::1/64", "fe80::1/64");
    street.gateway("alice", "fe80::1", "lan");
    street.address("home", "wan", "2a02:48::7/64");
    street.address("internet", "home", "2a02:48::1/64");
    street.gateway("home", "2a02:48::1");
    street.address("internet", "bob", "2a02:49::1/64");
    street.address("bob", "wan", "2a02:49::2/64");
    street.gateway("bob", "2a02:49::1");
    street.route("internet", "2a02:47::/64", "2a02:48::7");
  }
  await street.upnp("home", { outside: "wan", inside: "lan", more: v6 ? [...upnp, "ext_ifname6=wan"] : upnp });
  return street;
}

for (const [title, upnp] of [
  ["a friend comes in through the router, which closes again", []],
  ["a friend comes in through a router that speaks UPnP alone, which closes again", ["enable_natpmp=no"]],
]) {
  test(title, async (context) => {
    const here = await street(context, { upnp });
    const alice = here.cli("alice", "listen", "--accept-anyone", "--map-port");
    const { mapping, addresses } = await alice.event("router", ({ mapping }) => mapping.kind !== "asking");
    assert.deepEqual(mapping, { kind: "open", address: `25.0.113.7:${PORT}` });
    assert.equal(addresses[0], mapping.address);
    assert.match(here.letIn("home"), new RegExp(`dport ${PORT}.*192\\.168\\.77\\.2`));

    const bob = here.cli("bob", "send", "--peer", mapping.address, "--timeout", "8", "hello alice");
    const { text } = await alice.event("message");
    assert.equal(text, "hello alice");
    assert.equal(await bob.ended, 0);

    assert.equal(await alice.end(), 0);
    assert.doesNotMatch(here.letIn("home"), new RegExp(String(PORT)));
  });
}

test("over IPv6 a friend comes in through the router's firewall, which closes again, and no port is asked for over IPv4", async (context) => {
  const here = await street(context, { v6: true });
  const alice = here.cli("alice", "listen", "--accept-anyone", "--bind", ALICE_V6, "--map-port");
  const { mapping, pinhole } = await alice.event("router", ({ pinhole }) => pinhole !== null);
  assert.deepEqual([mapping, pinhole], [{ kind: "off" }, `[${ALICE_V6}]:${PORT}`]);
  assert.doesNotMatch(here.letIn("home"), new RegExp(String(PORT)));

  const bob = here.cli("bob", "send", "--peer", pinhole, "--timeout", "8", "hello alice");
  const { text } = await alice.event("message");
  assert.equal(text, "hello alice");
  assert.equal(await bob.ended, 0);

  assert.equal(await alice.end(), 0);
  assert.doesNotMatch(here.passes("home"), new RegExp(String(PORT)));
});

test("who listens on everything is let in over IPv4 and IPv6", async (context) => {
  const here = await street(context, { v6: true });
  const alice = here.cli("alice", "listen", "--accept-anyone", "--map-port");
  const { mapping, pinhole } = await alice.event("router", ({ pinhole }) => pinhole !== null);
  assert.deepEqual(mapping, { kind: "open", address: `25.0.113.7:${PORT}` });
  assert.equal(pinhole, `[${ALICE_V6}]:${PORT}`);
  assert.equal(await alice.end(), 0);
  assert.doesNotMatch(here.letIn("home") + here.passes("home"), new RegExp(String(PORT)));
});

test("over IPv6 nobody comes in without a hole in the firewall", async (context) => {
  const here = await street(context, { v6: true });
  const alice = here.cli("alice", "listen", "--accept-anyone", "--bind", ALICE_V6);
  await alice.event("listening");
  const peer = `[${ALICE_V6}]:${PORT}`;
  const bob = here.cli("bob", "send", "--peer", peer, "--timeout", "2", "hello");
  assert.equal(await bob.ended, 1);
});

test("without a mapping nobody comes in", async (context) => {
  const here = await street(context);
  const alice = here.cli("alice", "listen", "--accept-anyone");
  await alice.event("listening");
  const bob = here.cli("bob", "send", "--peer", `25.0.113.7:${PORT}`, "--timeout", "2", "hello");
  assert.equal(await bob.ended, 1);
});

test("a router without a public address says so", async (context) => {
  const here = await street(context, { carrier: "100.72.14" });
  const alice = here.cli("alice", "listen", "--map-port");
  const { mapping, addresses } = await alice.event("router", ({ mapping }) => mapping.kind !== "asking");
  assert.deepEqual(mapping, { kind: "behindNat", address: null });
  assert.ok(!addresses.some((address) => address.startsWith("100.")), String(addresses));
});

test("a friend who sees us elsewhere shows that a provider's router stands before ours", async (context) => {
  const here = await street(context, { carrier: "25.72.14" });
  const bob = here.cli("bob", "listen", "--accept-anyone");
  await bob.event("listening");
  const alice = here.cli("alice", "chat", "--peer", `198.51.100.2:${PORT}`, "--map-port");
  const { mapping } = await alice.event("router", ({ mapping }) => mapping.kind === "behindNat");
  assert.equal(mapping.address, "25.72.14.9");
});

test("two who dial each other from behind closed firewalls get through both", async (context) => {
  const here = await street(context);
  // Bob's own computer lets nothing in that it did not ask for.
  here.guard("bob", "wan");
  const alice = here.cli("alice", "chat", "--peer", `198.51.100.2:${PORT}`);
  const bob = here.cli("bob", "send", "--peer", `25.0.113.7:${PORT}`, "--timeout", "9", "hello alice");
  const { text } = await alice.event("message");
  assert.equal(text, "hello alice");
  assert.equal(await bob.ended, 0);
});
