// What @hey-api/openapi-ts makes of the back office's document.

import { defineConfig } from "@hey-api/openapi-ts";

export default defineConfig({
  input: "../openapi/admin.json",
  output: { path: "generated/hey-api", module: { extension: ".ts" } },
  plugins: ["@hey-api/client-fetch", "@hey-api/typescript", "@hey-api/sdk"],
});
