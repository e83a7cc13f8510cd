// Every package of the operating system that the project needs, by system.

/** Debian and Ubuntu: to build and run the app. */
export const DEBIAN_RUN = [
  "build-essential",
  "cmake",
  "libasound2-dev",
  "libgtk-3-dev",
  "librsvg2-dev",
  "libssl-dev",
  "libwebkit2gtk-4.1-dev",
  "pkg-config",
];

/** Debian and Ubuntu: what the tests need on top. */
export const DEBIAN_TEST = [
  "dbus",
  "fonts-dejavu-core",
  "fonts-noto-color-emoji",
  "gnome-keyring",
  "hunspell-en-us",
  "imagemagick",
  "iproute2",
  "miniupnpd-nftables",
  "nftables",
  "pulseaudio",
  "pulseaudio-utils",
  "python3",
  "python3-venv",
  "webkit2gtk-driver",
  "weston",
  "wmctrl",
  "x11-utils",
  "xclip",
  "xdotool",
  "xfwm4",
  "xvfb",
];

/** Debian and Ubuntu: what the measurements of calls need on top of all that. */
export const DEBIAN_SOUND = [
  "alsa-utils",
  "espeak-ng",
  "iproute2",
  "libasound2-plugins",
  "pulseaudio",
  "pulseaudio-utils",
  "python3-dev",
  "python3-venv",
];

/** Debian and Ubuntu: what makes the packages that people install. */
export const DEBIAN_PACKAGE = ["squashfs-tools"];

/** Debian and Ubuntu: what the tests of those packages need on top of that and of the other tests. */
export const DEBIAN_PACKAGE_TEST = [
  "appstream",
  "at-spi2-core",
  "debootstrap",
  "desktop-file-utils",
  "fuse3",
  "lintian",
  "rpm",
];

/**
 * Debian and Ubuntu: what compiles for Windows, makes an .msi and starts it, beside the Rust that does it
 * (scripts/windows/rust.mjs).
 */
export const DEBIAN_WINDOWS = ["gcc-mingw-w64-x86-64", "g++-mingw-w64-x86-64", "msitools", "wine", "wine64", "wixl"];

/** Debian 12: a Rust that was packed with the source of its library. It would take the place of Debian's own rustc. */
export const DEBIAN_WINDOWS_RUST = ["cargo-web", "rust-web-src", "rustc-web"];

/** Other systems: the command that installs what the app needs, and the one for the tests. */
export const ELSEWHERE = {
  fedora: {
    run: "sudo dnf install gcc gcc-c++ make cmake pkgconf-pkg-config alsa-lib-devel gtk3-devel webkit2gtk4.1-devel openssl-devel librsvg2-devel",
    test: "sudo dnf install hunspell-en-US xorg-x11-server-Xvfb webkit2gtk-driver dbus-daemon gnome-keyring weston xfwm4 wmctrl xclip xdotool xev xprop xwininfo ImageMagick python3 dejavu-sans-fonts google-noto-color-emoji-fonts",
  },
  arch: {
    run: "sudo pacman -S --needed base-devel cmake alsa-lib gtk3 webkit2gtk-4.1 openssl librsvg",
    test: "sudo pacman -S --needed hunspell-en_us xorg-server-xvfb dbus gnome-keyring weston xfwm4 wmctrl xclip xdotool xorg-xev xorg-xprop xorg-xwininfo imagemagick python ttf-dejavu noto-fonts-emoji",
  },
  opensuse: {
    run: "sudo zypper install gcc gcc-c++ make cmake pkgconf alsa-devel gtk3-devel webkit2gtk3-devel libopenssl-devel librsvg-devel",
    test: "sudo zypper install myspell-en_US xorg-x11-server-Xvfb webkit2gtk-driver dbus-1-daemon gnome-keyring weston xfwm4 wmctrl xclip xdotool xev xprop xwininfo ImageMagick python3 dejavu-fonts noto-coloremoji-fonts",
  },
  darwin: { run: "xcode-select --install && brew install cmake", test: "brew install python3" },
  win32: {
    run: 'winget install Kitware.CMake StrawberryPerl.StrawberryPerl Microsoft.EdgeWebView2Runtime && winget install Microsoft.VisualStudio.2022.BuildTools --override "--add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"',
    test: "winget install Python.Python.3.12",
  },
};
