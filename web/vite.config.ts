import { fileURLToPath } from "node:url";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const server = process.env.FRAMEMILL_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [react()],
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  build: {
    outDir: "../src/framemill/web_ui",
    emptyOutDir: true,
    // The policy of the page allows no data: scripts or styles, and small files are cheap over one connection.
    assetsInlineLimit: 0,
    manifest: true,
    target: "es2022",
  },
  server: {
    proxy: {
      "/api": server,
      "/health": server,
      "/storage": server,
      "/media": server,
      "/ws": { target: server, ws: true },
    },
  },
});
