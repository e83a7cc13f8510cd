// The .msi: what is written in it, and what it does in Wine. Needs P2P_COMM_MSI.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { version } from "../../scripts/lib/release.mjs";
import { ROOT } from "../../scripts/lib/run.mjs";
import { LIBRARIES } from "../../scripts/windows/rust.mjs";
import * as wine from "./wine.mjs";

const MSI = process.env.P2P_COMM_MSI;
const NAME = "P2P Privacy Communications";
const UNINSTALL = String.raw`HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall`;

const info = (...args) => execFileSync("msiinfo", args, { encoding: "utf8" });

/** The rows of a table, by the names of the columns; the second and the third line are about types and keys. */
function table(name) {
  const [columns, , , ...rows] = info("export", MSI, name)
    .trim()
    .split(/\r?\n/)
    .map((line) => line.split("\t"));
  return rows.map((row) => Object.fromEntries(columns.map((column, n) => [column, row[n]])));
}

const properties = Object.fromEntries(table("Property").map(({ Property, Value }) => [Property, Value]));

test("it is this version, for everybody on the computer", () => {
  assert.equal(properties.ProductName, NAME);
  assert.equal(properties.ProductVersion, version().replace(/-.*/, ""));
  assert.equal(properties.ALLUSERS, "1");
  assert.match(info("suminfo", MSI), /^Template: x64;1033$/m);
});

test("an older version goes, a newer one stays", () => {
  // In words, not from the script: whoever changes it leaves two programs on people's computers.
  const code = "{88146BE6-D886-541B-93AE-5F35E9B2EE7E}";
  assert.equal(properties.UpgradeCode, code);
  const rows = table("Upgrade");
  const one = (action) => rows.find(({ ActionProperty }) => ActionProperty === action);
  const [older, newer] = ["WIX_UPGRADE_DETECTED", "WIX_DOWNGRADE_DETECTED"].map(one);
  assert.deepEqual([older.UpgradeCode, older.VersionMax], [code, properties.ProductVersion]);
  assert.deepEqual([newer.UpgradeCode, newer.VersionMin], [code, properties.ProductVersion]);
  const order = table("InstallExecuteSequence").map(({ Action }) => Action);
  assert.ok(order.includes("RemoveExistingProducts"));
  assert.deepEqual(
    table("LaunchCondition").map(({ Condition }) => Condition),
    ["NOT WIX_DOWNGRADE_DETECTED"],
  );
});

test("it holds the program and the libraries that it needs", () => {
  const files = table("File").map(({ FileName, FileSize }) => [FileName.split("|").at(-1), Number(FileSize)]);
  const built = (name) => [name, statSync(join(MSI, "..", name)).size];
  assert.deepEqual(files.sort(), ["p2p-comm.exe", ...LIBRARIES].sort().map(built));
});

test("its entry in the menu has the id under which notifications are shown", () => {
  const [shortcut, ...more] = table("Shortcut");
  assert.deepEqual(
    [shortcut.Name, shortcut.Directory_, shortcut.Target, more.length],
    [NAME, "ProgramMenuFolder", "[#p2pcomm.exe]", 0],
  );
  const { identifier } = JSON.parse(readFileSync(join(ROOT, "tauri.conf.json"), "utf8"));
  const [property] = table("MsiShortcutProperty");
  assert.deepEqual(
    [property.Shortcut_, property.PropertyKey, property.PropVariantValue],
    ["Menu", "System.AppUserModel.ID", identifier],
  );
});

test("it says that the program needs WebView2", () => {
  assert.match(info("suminfo", MSI), /^Comments: .*WebView2/m);
  assert.match(properties.ARPCOMMENTS, /WebView2/);
});

test("it installs, and leaves nothing when it is removed", { timeout: 240_000 }, () => {
  wine.run("msiexec", "/i", wine.seen(MSI), "/qn");
  const installed = join(wine.disk, "Program Files", NAME);
  const program = readFileSync(join(installed, "p2p-comm.exe"));
  assert.ok(program.equals(readFileSync(join(MSI, "../p2p-comm.exe"))));
  const entry = wine.run("reg", "query", UNINSTALL, "/s");
  for (const words of [NAME, version(), "msiexec", "The P2P Privacy Communications developers"]) {
    assert.ok(entry.toLowerCase().includes(words.toLowerCase()), `${words} in\n${entry}`);
  }
  const menu = wine.find(`${NAME}.lnk`);
  assert.equal(menu.length, 1);

  wine.run("msiexec", "/x", wine.seen(MSI), "/qn");
  assert.ok(!existsSync(installed));
  assert.deepEqual(wine.find(`${NAME}.lnk`), []);
  assert.ok(!wine.run("reg", "query", UNINSTALL, "/s").includes(NAME));
});
