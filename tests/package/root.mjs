// Clean roots of a Debian system, each a directory of the build's own: a bare one, and one with what a package needs. A
// test gets a layer over one of them, which is thrown away; what it mounts, nobody else sees.
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { start } from "../window/process.mjs";
import { until } from "../window/wait.mjs";

const HOME = join(process.env.P2P_COMM_PACKAGES, "../package-test");
const BARE = join(HOME, "bare");
/** What of this machine's own way to the packages a root needs, too. */
const PASSED_ON = /^Acquire::(Check-Valid-Until|Check-Date|https?::Proxy) /;
const BOOKS = /^\/(var\/(lib\/(dpkg|apt)|log|cache)|tmp|run)\//;

/** A system in which nothing is installed but what every Debian has. */
export function bareRoot() {
  if (!existsSync(BARE)) {
    const beginning = `${BARE}.begun`;
    rmSync(beginning, { recursive: true, force: true });
    mkdirSync(HOME, { recursive: true });
    const [{ uri, codename }] = sources();
    // What it mounts goes with it, however it ends.
    run("unshare", ["--mount", "debootstrap", "--variant=minbase", codename, beginning, uri]);
    const lines = sources().map(({ uri: from, codename: of, component }) => `deb ${from} ${of} ${component}`);
    writeFileSync(join(beginning, "etc/apt/sources.list"), `${lines.join("\n")}\n`);
    const settings = output("apt-config", ["dump"])
      .split("\n")
      .filter((line) => PASSED_ON.test(line));
    writeFileSync(join(beginning, "etc/apt/apt.conf.d/90outside"), `${settings.join("\n")}\n`);
    renameSync(beginning, BARE);
  }
  return [BARE];
}

/** The same with these packages, as `Depends` of a package names them. */
export async function rootWith(depends) {
  const [bare] = bareRoot();
  const layer = join(HOME, "needed");
  const stamp = join(HOME, "needed.txt");
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === depends) return [layer, bare];
  rmSync(stamp, { force: true });
  rmSync(layer, { recursive: true, force: true });
  const root = await Root.open([bare], { layer });
  try {
    await root.run(["apt-get", "update", "--quiet"]);
    await root.run(["apt-get", "satisfy", "--yes", "--quiet", "--no-install-recommends", depends]);
    await root.run(["apt-get", "clean"]);
  } finally {
    await root.close();
  }
  writeFileSync(stamp, depends);
  return [layer, bare];
}

/** Where packages of this system come from, as its own apt has it: the newest list of the distribution first. */
function sources() {
  const format = "$(ORIGIN)\t$(REPO_URI)\t$(CODENAME)\t$(COMPONENT)";
  const own = /^ID=(\w+)$/m.exec(readFileSync("/etc/os-release", "utf8"))?.[1];
  const lines = output("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]).split("\n");
  const rows = lines.map((line) => line.split("\t")).filter(([origin]) => origin?.toLowerCase() === own);
  return rows.map(([, uri, codename, component]) => ({ uri: server(uri), codename, component }));
}

/** Apt may name a file with servers, which no other program reads: the first of them. */
function server(uri) {
  const file = /^mirror\+file:(.*?)\/?$/.exec(uri)?.[1];
  return file === undefined ? uri : readFileSync(file, "utf8").split(/\s/)[0];
}

/** A root that a test may change. */
export class Root {
  /** `layers`: read only, the uppermost first. `layer`: where the changes are kept. `shared`: directories of outside. */
  static async open(layers, { layer, shared = [] } = {}) {
    const root = new Root(layer ?? join(HOME, "changes"), layer === undefined);
    rmSync(root.work, { recursive: true, force: true });
    if (root.thrownAway) rmSync(root.layer, { recursive: true, force: true });
    for (const directory of [root.layer, root.work, root.top]) mkdirSync(directory, { recursive: true });
    const mounts = [
      `mount -t overlay overlay -o lowerdir=${layers.join(":")},upperdir=${root.layer},workdir=${root.work} ${root.top}`,
      `mount -t proc proc ${root.top}/proc`,
      `mount --rbind /dev ${root.top}/dev`,
      `cp /etc/resolv.conf ${root.top}/etc/resolv.conf`,
      ...shared.map((path) => `mkdir -p ${root.top}${path} && mount --bind ${path} ${root.top}${path}`),
    ];
    // Holds the mounts, which end with it.
    root.holder = start("unshare", [
      "--mount",
      "sh",
      "-c",
      `set -e\n${mounts.join("\n")}\necho there\nexec sleep infinity`,
    ]);
    let gone = false;
    root.holder.exited.then(() => {
      gone = true;
    });
    await until("the root is mounted", () => gone || root.holder.output().includes("there"));
    if (gone) throw new Error(`the root was not mounted:\n${root.holder.output()}`);
    return root;
  }

  constructor(layer, thrownAway) {
    this.layer = layer;
    this.thrownAway = thrownAway;
    this.work = `${layer}.work`;
    this.top = `${layer}.root`;
  }

  /** Starts a program in it. */
  start(command, env = {}) {
    const inside = ["--target", String(this.holder.pid), "--mount", "chroot", this.top];
    const all = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LANG: "C.UTF-8", DEBIAN_FRONTEND: "noninteractive", ...env };
    const settings = Object.entries(all).map(([name, value]) => `${name}=${value}`);
    return start("nsenter", [...inside, "env", "-i", ...settings, ...command]);
  }

  /** Runs a program to its end. @returns what it wrote */
  async run(command, env) {
    const program = this.start(command, env);
    const code = await program.exited;
    await program.closed;
    await program.stop();
    if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${program.output()}`);
    return program.output();
  }

  /** Copies a file of outside into it. Through the mount: what is put into a layer below it, it need not see. */
  put(file, path) {
    const copy = ["--target", String(this.holder.pid), "--mount", "cp", "-p", file, this.top + path];
    execFileSync("nsenter", copy);
  }

  /** Every file that is not as it was when this was opened, without the books that the package manager keeps. */
  changes() {
    const files = readdirSync(this.layer, { recursive: true, withFileTypes: true }).filter((one) => !one.isDirectory());
    const paths = files.map(({ parentPath, name }) => join(parentPath, name).slice(this.layer.length));
    return paths.filter((path) => !BOOKS.test(path) && path !== "/etc/resolv.conf").sort();
  }

  async close() {
    await this.holder.stop();
    rmSync(this.work, { recursive: true, force: true });
    rmSync(this.top, { recursive: true, force: true });
    if (this.thrownAway) rmSync(this.layer, { recursive: true, force: true });
  }
}

function run(command, args) {
  execFileSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
}

function output(command, args) {
  return execFileSync(command, args, { encoding: "utf8" });
}
