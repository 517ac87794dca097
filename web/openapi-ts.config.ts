import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "openapi.json",
  output: { path: "src/shared/api/generated" },
  plugins: [
    "@hey-api/typescript",
    { name: "@hey-api/client-fetch", runtimeConfigPath: "./src/shared/api/client" },
    { name: "@hey-api/sdk" },
    { name: "@tanstack/react-query", queryKeys: { tags: true } },
  ],
});
