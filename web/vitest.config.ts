import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: {
    environment: "jsdom",
    setupFiles: ["src/testing/setup.ts"],
    include: ["src/**/*.test.{ts,tsx}"],
    // The processors are shared with the rest of the tests.
    maxWorkers: 2,
    isolate: false,
    unstubGlobals: true,
    testTimeout: 30_000,
  },
});
