import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative, because the window serves the files under its own scheme.
  base: "./",
  plugins: [svelte({ configFile: false }), svelteTesting({ autoCleanup: false })],
  build: {
    target: "safari16.4",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    // The strength estimate carries word lists of more than 1 MB; it is loaded on its own and only when needed.
    chunkSizeWarningLimit: 2000,
  },
  server: { port: 5173, strictPort: true },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
  },
});
