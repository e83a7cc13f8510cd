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
  "imagemagick",
  "pulseaudio",
  "pulseaudio-utils",
  "python3",
  "python3-venv",
  "webkit2gtk-driver",
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

/** Other systems: the command that installs what the app needs, and the one for the tests. */
export const ELSEWHERE = {
  fedora: {
    run: "sudo dnf install gcc gcc-c++ make cmake pkgconf-pkg-config alsa-lib-devel gtk3-devel webkit2gtk4.1-devel openssl-devel librsvg2-devel",
    test: "sudo dnf install xorg-x11-server-Xvfb webkit2gtk-driver dbus-daemon gnome-keyring xfwm4 wmctrl xclip xdotool xprop ImageMagick python3 dejavu-sans-fonts google-noto-color-emoji-fonts",
  },
  arch: {
    run: "sudo pacman -S --needed base-devel cmake alsa-lib gtk3 webkit2gtk-4.1 openssl librsvg",
    test: "sudo pacman -S --needed xorg-server-xvfb dbus gnome-keyring xfwm4 wmctrl xclip xdotool xorg-xprop imagemagick python ttf-dejavu noto-fonts-emoji",
  },
  opensuse: {
    run: "sudo zypper install gcc gcc-c++ make cmake pkgconf alsa-devel gtk3-devel webkit2gtk3-devel libopenssl-devel librsvg-devel",
    test: "sudo zypper install xorg-x11-server-Xvfb webkit2gtk-driver dbus-1-daemon gnome-keyring xfwm4 wmctrl xclip xdotool xprop ImageMagick python3 dejavu-fonts noto-coloremoji-fonts",
  },
  darwin: { run: "xcode-select --install && brew install cmake", test: "brew install python3" },
  win32: {
    run: 'winget install Kitware.CMake Microsoft.EdgeWebView2Runtime && winget install Microsoft.VisualStudio.2022.BuildTools --override "--add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"',
    test: "winget install Python.Python.3.12",
  },
};
