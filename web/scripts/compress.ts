/** Writes a .gz and a .br beside every built file that gains by it; the server sends them as they are. */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const root = new URL("../../src/framemill/web_ui/assets/", import.meta.url).pathname;
const params = { [constants.BROTLI_PARAM_QUALITY]: 9 };

for (const name of readdirSync(root)) {
  if (!/\.(js|css|svg|json|wasm)$/.test(name)) continue;
  const file = join(root, name);
  const bytes = readFileSync(file);
  if (bytes.length < 1024) continue;
  writeFileSync(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  writeFileSync(`${file}.br`, brotliCompressSync(bytes, { params }));
}
