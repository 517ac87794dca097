/** Computes a file's SHA-256 piece by piece, away from the page's thread. */
import { createSHA256 } from "hash-wasm";

export type HashWish = { file: File };
export type HashNews = { done: number } | { sha256: string } | { failed: string };

const PIECE = 4 * 1024 * 1024;
const TELL_MS = 100;
const tell = (news: HashNews) => self.postMessage(news);

self.onmessage = async ({ data: { file } }: MessageEvent<HashWish>) => {
  try {
    const hasher = await createSHA256();
    hasher.init();
    let told = 0;
    for (let start = 0; start < file.size; start += PIECE) {
      const piece = await file.slice(start, start + PIECE).arrayBuffer();
      hasher.update(new Uint8Array(piece));
      if (performance.now() - told > TELL_MS) {
        told = performance.now();
        tell({ done: Math.min(start + PIECE, file.size) });
      }
    }
    tell({ sha256: hasher.digest("hex") });
  } catch (error) {
    tell({ failed: error instanceof Error ? error.message : String(error) });
  }
};
