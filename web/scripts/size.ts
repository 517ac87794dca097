/** Fails where the first load is larger than a slow connection should have to carry. */
import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

type Chunk = { file: string; isEntry?: boolean; imports?: string[]; css?: string[] };

const MOST = 250_000;
const root = new URL("../../src/framemill/web_ui/", import.meta.url);
const manifest: Record<string, Chunk> = JSON.parse(
  readFileSync(new URL(".vite/manifest.json", root), "utf8"),
);

const wanted = new Set<string>();
const seen = new Set<string>();
function follow(name: string): void {
  const chunk = manifest[name];
  if (chunk === undefined || seen.has(name)) return;
  seen.add(name);
  for (const file of [chunk.file, ...(chunk.css ?? [])]) wanted.add(file);
  for (const next of chunk.imports ?? []) follow(next);
}
for (const [name, chunk] of Object.entries(manifest)) if (chunk.isEntry) follow(name);
// The page that opens first.
follow("src/features/videos/VideosPage.tsx");

let total = 0;
for (const file of [...wanted].sort()) {
  const bytes = gzipSync(readFileSync(new URL(file, root)), { level: 9 }).length;
  total += bytes;
  console.log(`${String(bytes).padStart(8)}  ${file}`);
}
console.log(`${String(total).padStart(8)}  first load, gzip; at most ${MOST}`);
if (total > MOST) process.exit(1);
