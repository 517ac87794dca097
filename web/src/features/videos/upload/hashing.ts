import { ApiProblem } from "@/shared/api";
import type { HashNews, HashWish } from "./hash.worker";

/** The file's SHA-256 in hex; `onProgress` is told how many bytes were read. Aborting ends it. */
export function sha256Of(
  file: File,
  { signal, onProgress }: { signal: AbortSignal; onProgress: (done: number) => void },
): Promise<string> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL("./hash.worker.ts", import.meta.url), { type: "module" });
    function end() {
      worker.terminate();
      signal.removeEventListener("abort", abort);
    }
    function abort() {
      end();
      reject(signal.reason);
    }
    if (signal.aborted) return abort();
    signal.addEventListener("abort", abort);
    worker.onerror = () => {
      end();
      reject(unreadable("its reader could not be started"));
    };
    worker.onmessage = ({ data }: MessageEvent<HashNews>) => {
      if ("done" in data) return onProgress(data.done);
      end();
      if ("sha256" in data) resolve(data.sha256);
      else reject(unreadable(data.failed));
    };
    worker.postMessage({ file } satisfies HashWish);
  });
}

function unreadable(why: string): ApiProblem {
  const hint = "Look whether it is still there and has not been changed, and choose it again.";
  return new ApiProblem({ code: "file_unreadable", detail: `The file could not be read: ${why}`, hint }, 422);
}
