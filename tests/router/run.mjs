// A friend behind a real home router: `miniupnpd` between network namespaces, two command lines, real packets.
// Needs Linux and root; P2P_COMM_CLI names the program.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Street } from "./street.mjs";

const CLI = process.env.P2P_COMM_CLI;
const PORT = 47800;
// The daemon takes the networks for examples (RFC 5737) for private ones, hence addresses that somebody has.

/** alice - 192.168.77.0/24 - home router - internet - bob; with a provider's router in between if its network (three numbers) is given. */
async function street(context, { carrier, upnp = [] } = {}) {
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
  await street.upnp("home", { outside: "wan", inside: "lan", more: upnp });
  return street;
}

for (const [title, upnp] of [
  ["a friend comes in through the router, which closes again", []],
  ["a friend comes in through a router that speaks UPnP alone, which closes again", ["enable_natpmp=no"]],
]) {
  test(title, async (context) => {
    const here = await street(context, { upnp });
    const alice = here.cli("alice", CLI, "listen", "--name", "alice", "--accept-anyone", "--map-port");
    const { mapping, addresses } = await alice.event("router", ({ mapping }) => mapping.kind !== "asking");
    assert.deepEqual(mapping, { kind: "open", address: `25.0.113.7:${PORT}` });
    assert.equal(addresses[0], mapping.address);
    assert.match(here.letIn("home"), new RegExp(`dport ${PORT}.*192\\.168\\.77\\.2`));

    const bob = here.cli(
      "bob",
      CLI,
      "send",
      "--name",
      "bob",
      "--peer",
      mapping.address,
      "--timeout",
      "8",
      "hello alice",
    );
    const { text } = await alice.event("message");
    assert.equal(text, "hello alice");
    assert.equal(await bob.ended, 0);

    assert.equal(await alice.end(), 0);
    assert.doesNotMatch(here.letIn("home"), new RegExp(String(PORT)));
  });
}

test("without a mapping nobody comes in", async (context) => {
  const here = await street(context);
  const alice = here.cli("alice", CLI, "listen", "--name", "alice", "--accept-anyone");
  await alice.event("listening");
  const bob = here.cli("bob", CLI, "send", "--name", "bob", "--peer", `25.0.113.7:${PORT}`, "--timeout", "2", "hello");
  assert.equal(await bob.ended, 1);
});

test("a router without a public address says so", async (context) => {
  const here = await street(context, { carrier: "100.72.14" });
  const alice = here.cli("alice", CLI, "listen", "--name", "alice", "--map-port");
  const { mapping, addresses } = await alice.event("router", ({ mapping }) => mapping.kind !== "asking");
  assert.deepEqual(mapping, { kind: "behindNat", address: null });
  assert.ok(!addresses.some((address) => address.startsWith("100.")), String(addresses));
});

test("a friend who sees us elsewhere shows that a provider's router stands before ours", async (context) => {
  const here = await street(context, { carrier: "25.72.14" });
  const bob = here.cli("bob", CLI, "listen", "--name", "bob", "--accept-anyone");
  await bob.event("listening");
  const alice = here.cli("alice", CLI, "chat", "--name", "alice", "--peer", `198.51.100.2:${PORT}`, "--map-port");
  const { mapping } = await alice.event("router", ({ mapping }) => mapping.kind === "behindNat");
  assert.equal(mapping.address, "25.72.14.9");
});

test("two who dial each other from behind closed firewalls get through both", async (context) => {
  const here = await street(context);
  // Bob's own computer lets nothing in that it did not ask for.
  here.guard("bob", "wan");
  const alice = here.cli("alice", CLI, "chat", "--name", "alice", "--peer", `198.51.100.2:${PORT}`);
  const bob = here.cli(
    "bob",
    CLI,
    "send",
    "--name",
    "bob",
    "--peer",
    `25.0.113.7:${PORT}`,
    "--timeout",
    "9",
    "hello alice",
  );
  const { text } = await alice.event("message");
  assert.equal(text, "hello alice");
  assert.equal(await bob.ended, 0);
});
