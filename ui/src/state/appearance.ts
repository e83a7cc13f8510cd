import type { Host } from "../host/host";

const DARK = "(prefers-color-scheme: dark)";
const CONTRAST = "(prefers-contrast: more)";

/**
 * Puts theme, contrast and size of the text on the document as the person chose them, or as the system has them.
 * Resolves when it has done so for the first time. The styles know `data-theme` and `data-contrast` alone.
 */
export async function followAppearance(host: Host): Promise<void> {
  const dark = matchMedia(DARK);
  const contrast = matchMedia(CONTRAST);
  let chosen = { theme: "system", contrast: "system", textPercent: 100 };

  const apply = () => {
    const root = document.documentElement;
    root.dataset.theme = chosen.theme === "system" ? (dark.matches ? "dark" : "light") : chosen.theme;
    root.dataset.contrast = chosen.contrast === "high" || contrast.matches ? "high" : "normal";
    root.style.fontSize = `${chosen.textPercent}%`;
  };
  const read = async () => {
    try {
      chosen = (await host.settings()).appearance;
    } catch (reason) {
      console.warn("the settings could not be read", reason);
    }
    apply();
  };

  dark.addEventListener("change", apply);
  contrast.addEventListener("change", apply);
  host.onShell(({ kind }) => kind === "settings" && void read());
  await read();
}
