// What every test of packages stands on: the packages that `npm run package` made, a clean root, and a desktop.
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startDesktops } from "../window/desktop.mjs";
import { takePicture } from "../window/picture.mjs";
import { Root, rootWith } from "./root.mjs";
import { startScreenReader } from "./screenreader.mjs";

/** The title of the window. */
export const TITLE = /^P2P Privacy Communications$/;

const PACKAGES = process.env.P2P_COMM_PACKAGES;
/** The first test makes the roots, which fetches about 150 MB. */
const TEST_DEADLINE_MS = 900_000;

/** The path of the package whose name ends so. */
export function made(extension) {
  const found = readdirSync(PACKAGES).filter((name) => name.endsWith(extension));
  if (found.length !== 1) throw new Error(`${PACKAGES} holds ${found.length} files that end in ${extension}`);
  return join(PACKAGES, found[0]);
}

/** What the .deb says that it needs. */
export function depends() {
  return execFileSync("dpkg-deb", ["--field", made(".deb"), "Depends"], { encoding: "utf8" }).trim();
}

/** A desktop, and a root in which the .deb is installed. */
export async function installed(stage) {
  await stage.desktop();
  return install(stage);
}

/** The root alone. */
export async function install(stage) {
  const root = await stage.root(await rootWith(depends()));
  root.put(made(".deb"), "/var/cache/p2p-comm.deb");
  // Only dpkg: what it needs must be there already, or `Depends` forgot it.
  await root.run(["dpkg", "--install", "/var/cache/p2p-comm.deb"]);
  return root;
}

/** A desktop, and a root with the AppImage in /opt and all that it needs. What root starts there is mounted without fusermount. */
export async function mountable(stage) {
  await stage.desktop();
  const root = await stage.root(await rootWith(depends()));
  root.put(made(".AppImage"), "/opt/p2p-comm.AppImage");
  return root;
}

export function packageTest(title, body) {
  test(title, { timeout: TEST_DEADLINE_MS }, async (context) => {
    const stage = new Stage();
    context.signal.addEventListener("abort", () => stage.clear());
    try {
      await body(stage);
    } catch (error) {
      await stage.keepEvidence(title.replaceAll(/\W+/g, "-"));
      throw error;
    } finally {
      await stage.clear();
    }
  });
}

export class Stage {
  #ends = [];

  /** A desktop with a screen reader, outside of the root that comes next; in there, too, its files are in /tmp. */
  async desktop() {
    const desktops = await startDesktops();
    this.#ends.push(() => desktops.stop());
    this.home = await desktops.open("alice");
    // The files of the person, and the sockets of display and message bus.
    this.outside = ["/tmp"];
    this.reader = await startScreenReader(this.home.env.DBUS_SESSION_BUS_ADDRESS);
    this.#ends.push(() => this.reader.stop());
    // The settings go where they are for everybody.
    delete this.home.env.P2P_COMM_DATA_DIR;
    delete this.home.env.PATH;
    return this.home;
  }

  /** A layer over this root. */
  async root(layers) {
    this.inside = await Root.open(layers, { shared: this.outside ?? [] });
    this.#ends.push(() => this.inside.close());
    return this.inside;
  }

  /** Starts a program in the root, on the desktop. */
  start(command, env = {}) {
    this.program = this.inside.start(command, { ...this.home.env, ...env });
    const { program } = this;
    this.#ends.push(() => program.stop());
    return program;
  }

  async keepEvidence(title) {
    console.error(`--- the program wrote:\n${this.program?.output()}`);
    if (this.home === undefined) return;
    await takePicture(this.home, `failed-${title}`).catch((error) => console.error(error.message));
    console.error(await this.reader.everything().catch((error) => error.message));
  }

  async clear() {
    for (const end of this.#ends.splice(0).reverse()) await end();
  }
}
