// A street of network namespaces: friends, the internet, a provider, and a home router with NAT and a firewall.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program } from "./program.mjs";

const TOOLS = ["ip", "nft", "miniupnpd"];
const TAG = `p2pc${process.pid % 10_000}`;

/** What keeps this computer from having namespaces; undefined if nothing does. */
export function obstacle() {
  if (process.platform !== "linux") return "network namespaces are a thing of Linux";
  if (process.getuid() !== 0) return "network namespaces need root";
  const missing = TOOLS.find((tool) => attempt("sh", ["-c", `command -v ${tool}`]) === undefined);
  if (missing) return `${missing} is missing`;
  const made = attempt("ip", ["netns", "add", TAG]);
  if (made === undefined) return "this system lets no network namespace be made";
  const ruled = attempt("ip", [
    "netns",
    "exec",
    TAG,
    "nft",
    "add table ip x; add chain ip x y { type nat hook postrouting priority 100; }; add rule ip x y masquerade",
  ]);
  execFileSync("ip", ["netns", "del", TAG]);
  return ruled === undefined ? "this kernel translates no addresses" : undefined;
}

function attempt(command, args) {
  try {
    return execFileSync(command, args, { stdio: ["ignore", "pipe", "ignore"] });
  } catch {
    return undefined;
  }
}

/** Namespaces and the programs in them; all of it is gone after `clear`. */
export class Street {
  #hosts = new Set();
  #programs = [];
  #directory = mkdtempSync(join(tmpdir(), "p2p-comm-street-"));

  /** A host of its own, with loopback. */
  host(name) {
    execFileSync("ip", ["netns", "add", space(name)]);
    this.#hosts.add(name);
    this.run(name, "ip", "link", "set", "dev", "lo", "up");
    this.run(name, "sysctl", "-qw", "net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1");
  }

  run(name, ...command) {
    return execFileSync("ip", ["netns", "exec", space(name), ...command], { encoding: "utf8" });
  }

  /** A cable between two hosts; each end has a name and an address with its prefix. */
  cable([a, aLink, aAddress], [b, bLink, bAddress]) {
    execFileSync("ip", [
      "link",
      "add",
      aLink,
      "netns",
      space(a),
      "type",
      "veth",
      "peer",
      "name",
      bLink,
      "netns",
      space(b),
    ]);
    for (const [name, link, address] of [
      [a, aLink, aAddress],
      [b, bLink, bAddress],
    ]) {
      this.run(name, "ip", "address", "add", address, "dev", link);
      this.run(name, "ip", "link", "set", "dev", link, "up");
    }
  }

  /** IPv6 addresses of a link, with their prefixes, to be used at once. */
  address(name, link, ...addresses) {
    for (const address of addresses) this.run(name, "ip", "-6", "address", "add", address, "dev", link, "nodad");
  }

  /** `link`: behind which a link-local address is. */
  gateway(name, address, link) {
    this.route(name, "default", address, ...(link ? ["dev", link] : []));
  }

  route(name, to, ...via) {
    this.run(name, "ip", via[0].includes(":") ? "-6" : "-4", "route", "add", to, "via", ...via);
  }

  /** Hides who is behind this host, and lets in only what was asked for from inside. */
  translate(name, outside) {
    this.run(
      name,
      "nft",
      `add table inet home
      add chain inet home upnp
      add chain inet home upnp_pre
      add chain inet home upnp_post
      add chain inet home forward { type filter hook forward priority 0; policy drop; }
      add rule inet home forward ct state established,related accept
      add rule inet home forward iifname != "${outside}" accept
      add rule inet home forward jump upnp
      add chain inet home pre { type nat hook prerouting priority -100; }
      add rule inet home pre jump upnp_pre
      add chain inet home post { type nat hook postrouting priority 100; }
      add rule inet home post jump upnp_post
      add rule inet home post meta nfproto ipv4 oifname "${outside}" masquerade`,
    );
    this.guard(name, outside);
  }

  /** Drops what comes in by this link unasked for and is meant for the host itself. */
  guard(name, outside) {
    this.run(
      name,
      "nft",
      `add table inet guard
      add chain inet guard input { type filter hook input priority 0; }
      add rule inet guard input iifname "${outside}" icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert, nd-router-advert } accept
      add rule inet guard input iifname "${outside}" ct state new drop`,
    );
  }

  /** The daemon that home routers have. `more`: lines of its configuration. */
  async upnp(name, { outside, inside, more = [] }) {
    const file = join(this.#directory, `${name}.conf`);
    const lines = [
      `ext_ifname=${outside}`,
      `listening_ip=${inside}`,
      "enable_natpmp=yes",
      "enable_upnp=yes",
      "secure_mode=yes",
      "system_uptime=yes",
      "uuid=5ee9d5b2-7f1f-4c88-8a25-2b2f6c1e0f11",
      "upnp_table_name=home",
      "upnp_nat_table_name=home",
      "upnp_forward_chain=upnp",
      "upnp_nat_chain=upnp_pre",
      "upnp_nat_postrouting_chain=upnp_post",
      "allow 1024-65535 0.0.0.0/0 1024-65535",
      "deny 0-65535 0.0.0.0/0 0-65535",
      ...more,
    ];
    writeFileSync(file, `${lines.join("\n")}\n`);
    const daemon = this.#start(name, ["miniupnpd", "-d", "-f", file, "-P", join(this.#directory, `${name}.pid`)]);
    await daemon.line("the daemon listens", (line) => /Listening for NAT-PMP/.test(line));
  }

  /** What the router passes on to somebody inside, as its firewall says. */
  letIn(name) {
    return this.run(name, "nft", "list", "chain", "inet", "home", "upnp_pre");
  }

  /** What the router does not stop on its way to the inside. */
  passes(name) {
    return this.run(name, "nft", "list", "chain", "inet", "home", "upnp");
  }

  /** Runs a program in a namespace and follows what it prints. */
  #start(name, [command, ...args], env = process.env) {
    const program = new Program(spawn("ip", ["netns", "exec", space(name), command, ...args], { env }));
    this.#programs.push(program);
    return program;
  }

  /** The command line of this project as somebody on the street. */
  cli(name, command, ...args) {
    return this.#start(name, [process.env.P2P_COMM_CLI, command, "--name", name, ...args, "--json"], {
      ...process.env,
      P2P_COMM_PASSWORD: "a lantern over the gate",
    });
  }

  async clear() {
    await Promise.all(this.#programs.map((program) => program.end()));
    for (const name of this.#hosts) execFileSync("ip", ["netns", "del", space(name)]);
    rmSync(this.#directory, { recursive: true });
  }
}

function space(name) {
  return `${TAG}-${name}`;
}
