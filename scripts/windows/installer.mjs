// An .msi without Windows.
import { copyFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { version } from "../lib/release.mjs";
import { must, ROOT } from "../lib/run.mjs";
import { UPGRADE_CODE } from "../package/config.mjs";
import { SOURCES } from "../package/places.mjs";
import { BUILT, LIBRARIES } from "./rust.mjs";

const STAGING = join(BUILT, "installer");
/** Its path. */
export const INSTALLER = join(STAGING, "p2p-comm.msi");

/** Under this id, which the shortcut has, Windows shows notifications. wixl does not know of it, the database does. */
const PROPERTIES = [
  "CREATE TABLE `MsiShortcutProperty` (`MsiShortcutProperty` CHAR(72) NOT NULL, `Shortcut_` CHAR(72) NOT NULL, " +
    "`PropertyKey` CHAR(255) NOT NULL, `PropVariantValue` CHAR(255) NOT NULL PRIMARY KEY `MsiShortcutProperty`)",
  "INSERT INTO `MsiShortcutProperty` (`MsiShortcutProperty`, `Shortcut_`, `PropertyKey`, `PropVariantValue`) " +
    `VALUES ('Id', 'Menu', 'System.AppUserModel.ID', '${identifier()}')`,
];

/** Makes it of what was built, debug build or not. */
export async function installer() {
  rmSync(STAGING, { recursive: true, force: true });
  mkdirSync(STAGING, { recursive: true });
  for (const name of ["p2p-comm.exe", ...LIBRARIES]) copyFileSync(join(BUILT, name), join(STAGING, name));
  copyFileSync(join(ROOT, "src-tauri/icons/icon.ico"), join(STAGING, "icon.ico"));
  // Three numbers are all that the Windows Installer compares.
  const words = { Version: version().replace(/-.*/, ""), UpgradeCode: UPGRADE_CODE };
  const defined = Object.entries(words).flatMap(([name, value]) => ["-D", `${name}=${value}`]);
  // It finds files only from where it runs.
  await must("wixl", ["-a", "x64", ...defined, "-o", INSTALLER, join(SOURCES, "windows/p2p-comm.wxs")], {
    cwd: STAGING,
  });
  for (const query of PROPERTIES) await must("msibuild", [INSTALLER, "-q", query]);
}

function identifier() {
  return JSON.parse(readFileSync(join(ROOT, "tauri.conf.json"), "utf8")).identifier;
}
