import { svelte } from "@sveltejs/vite-plugin-svelte";
import { svelteTesting } from "@testing-library/svelte/vite";
import { defineConfig } from "vitest/config";
import { commonWords } from "./words.ts";

export default defineConfig({
  // Relative, because the window serves the files under its own scheme.
  base: "./",
  plugins: [commonWords(), svelte({ configFile: false }), svelteTesting({ autoCleanup: false })],
  build: {
    target: "safari16.4",
    outDir: "dist",
    emptyOutDir: true,
    modulePreload: { polyfill: false },
  },
  server: { port: 5173, strictPort: true },
  test: {
    environment: "happy-dom",
    include: ["src/**/*.test.ts"],
    setupFiles: ["src/test/setup.ts"],
    restoreMocks: true,
  },
});
