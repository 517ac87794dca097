/** Computes a file's SHA-256 piece by piece, away from the page's thread. */
import { createSHA256 } from "hash-wasm";

export type HashWish = { file: File };
export type HashNews = { done: number } | { sha256: string } | { failed: string };

const PIECE = 1024 * 1024;
const TELL_MS = 100;
const tell = (news: HashNews) => self.postMessage(news);

self.onmessage = async ({ data: { file } }: MessageEvent<HashWish>) => {
  try {
    const hasher = await createSHA256();
    hasher.init();
    let [done, told] = [0, 0];
    for await (const piece of piecesOf(file)) {
      hasher.update(piece);
      done += piece.byteLength;
      if (performance.now() - told > TELL_MS) {
        told = performance.now();
        tell({ done });
      }
    }
    tell({ sha256: hasher.digest("hex") });
  } catch (error) {
    tell({ failed: error instanceof Error ? error.message : String(error) });
  }
};

/** The file's bytes in order; each piece holds until the next is asked for. */
async function* piecesOf(file: File): AsyncGenerator<Uint8Array> {
  const stream = file.stream();
  let reader: ReadableStreamBYOBReader;
  try {
    reader = stream.getReader({ mode: "byob" });
  } catch {
    // A browser that cannot read into room of ours.
    yield* wholesale(stream.getReader());
    return;
  }
  // The same room over and over: what is thrown away is cleared too late, and a long film would fill the memory.
  let room = new ArrayBuffer(PIECE);
  while (true) {
    const { value } = await reader.read(new Uint8Array(room));
    if (value === undefined || value.byteLength === 0) return;
    yield value;
    room = value.buffer;
  }
}

async function* wholesale(reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}
