import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";
import { commonWords } from "./words.ts";

/** Only `vite build ui --mode gallery` holds the gallery; what ships does not. */
const PAGES = { index: "index.html", gallery: "gallery.html" };

// In UTC days begin where they do nowhere else.
process.env.TZ = "Pacific/Auckland";

export default defineConfig(({ mode }) => ({
  // Relative, because the window serves the files under its own scheme.
  base: "./",
  plugins: [commonWords(), svelte({ configFile: false }), svelteTesting({ autoCleanup: false })],
  build: {
    target: "safari16.4",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    ...(mode === "gallery" ? { rollupOptions: { input: PAGES } } : {}),
  },
  server: { port: 5173, strictPort: true },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
    // The rules of axe take seconds on a busy computer.
    testTimeout: 20_000,
  },
}));
