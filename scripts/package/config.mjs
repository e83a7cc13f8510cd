// What the bundler is told on top of tauri.conf.json, by system.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { version } from "../lib/release.mjs";
import { ROOT } from "../lib/run.mjs";
import { RELEASE, SOURCES, STAGING } from "./places.mjs";

/** What the bundler makes of which system, by its own names. */
export const FORMATS = { linux: ["deb", "rpm"], darwin: ["dmg"], win32: ["msi", "nsis"] };

/** The oldest macOS for which the programs are built. */
export const OLDEST_MAC = "11.0";

export const MAINTAINER = "The P2P Privacy Communications developers <p2p-comm@p2p-comm.invalid>";
/** By it the Windows Installer knows an older version as the same program, whoever built it: never to be changed. */
export const UPGRADE_CODE = "88146BE6-D886-541B-93AE-5F35E9B2EE7E";
const SUMMARY = "private messages and calls between people who share a password";
const DESCRIPTION = `\
Two people who share a password talk directly, computer to computer,
end-to-end encrypted: messages, links and voice calls. There is no account,
no server and no tracking, and nothing of what they say is written to the
disk unless they ask for it.

It lives in the tray. The same without a window is p2p-comm-cli.`;

/** Links that open the program. On Linux the desktop entry names them, and on macOS `Info.plist`. */
const LINKS = { "deep-link": { desktop: { schemes: ["p2p-comm"] } } };

const COMMON = { license: "MIT OR Apache-2.0", category: "SocialNetworking", shortDescription: SUMMARY };

/** @param files on Linux: what goes into the packages beside the app, by the place there */
export function bundlerConfig(files) {
  if (process.platform === "linux") return linux(files);
  return process.platform === "darwin" ? mac() : windows();
}

/**
 * Where the bundler runs. On Linux in a directory with a manifest of its own: it takes the feature "tray-icon", which our
 * manifest has for other systems, for a need of a library on Linux, too, and would write that into the packages.
 */
export function bundlerHome() {
  if (process.platform !== "linux") return ROOT;
  const home = join(STAGING, "bundler");
  mkdirSync(join(home, "src"), { recursive: true });
  writeFileSync(join(home, "src/main.rs"), "fn main() {}\n");
  const manifest = [
    "[package]",
    'name = "p2p-comm"',
    `version = "${version()}"`,
    'edition = "2024"',
    "[workspace]",
    "",
  ];
  writeFileSync(join(home, "Cargo.toml"), manifest.join("\n"));
  copyFileSync(join(ROOT, "tauri.conf.json"), join(home, "tauri.conf.json"));
  return home;
}

/** The product's name becomes that of the package, so it is the program's; the window and the desktop entry say the long one. */
function linux(files) {
  const desktopTemplate = join(SOURCES, "linux/p2p-comm.desktop");
  return {
    productName: "p2p-comm",
    bundle: {
      ...COMMON,
      longDescription: DESCRIPTION,
      publisher: MAINTAINER,
      icon: [16, 24, 32, 48, 64, 128, 256].map((size) => join(ROOT, `src-tauri/icons/${size}x${size}.png`)),
      linux: {
        // The bundler itself adds the web view and GTK. The tray needs no library: it is D-Bus.
        deb: {
          files,
          desktopTemplate,
          section: "net",
          depends: [`libc6 (>= ${oldestC()})`, "libgcc-s1", "libasound2", "libdbus-1-3"],
          recommends: ["pipewire-pulse | pulseaudio", "xdg-utils"],
        },
        rpm: {
          files,
          desktopTemplate,
          compression: { type: "xz", level: 9 },
          depends: ["libasound.so.2()(64bit)"],
          recommends: ["xdg-utils"],
        },
      },
    },
  };
}

/** The oldest C library with which both programs start: the newest of the versions that they name. */
function oldestC() {
  const named = ["p2p-comm", "p2p-comm-cli"].flatMap((name) => {
    const text = readFileSync(join(RELEASE, name), "latin1");
    return [...text.matchAll(/GLIBC_2\.(\d+)/g)].map(([, minor]) => Number(minor));
  });
  return `2.${Math.max(...named)}`;
}

/** Signed for this computer only, unless the environment has an identity (`APPLE_SIGNING_IDENTITY`). */
function mac() {
  return {
    bundle: {
      ...COMMON,
      macOS: {
        minimumSystemVersion: OLDEST_MAC,
        signingIdentity: "-",
        entitlements: join(SOURCES, "macos/entitlements.plist"),
        infoPlist: join(SOURCES, "macos/Info.plist"),
        // The app on the left, and on the right the place to which it is dragged.
        dmg: {
          windowSize: { width: 660, height: 400 },
          appPosition: { x: 180, y: 170 },
          applicationFolderPosition: { x: 480, y: 170 },
        },
      },
    },
  };
}

/** Signed if the environment names a certificate of this user (`P2P_COMM_SIGN_THUMBPRINT`) and a clock for signatures. */
function windows() {
  const { P2P_COMM_SIGN_THUMBPRINT: certificateThumbprint, P2P_COMM_SIGN_TIMESTAMP: clock } = process.env;
  const signing = certificateThumbprint && {
    certificateThumbprint,
    digestAlgorithm: "sha256",
    timestampUrl: clock || null,
  };
  // For one person, without an administrator; the web view is fetched where it is not there.
  const nsis = { installMode: "currentUser" };
  const wix = { upgradeCode: UPGRADE_CODE };
  const webviewInstallMode = { type: "downloadBootstrapper" };
  return { plugins: LINKS, bundle: { ...COMMON, windows: { ...signing, wix, nsis, webviewInstallMode } } };
}
