/** Trying again until it works: after a while, or as soon as there is a network again. */
import { problemOf } from "@/shared/api";

const FIRST_MS = 500;
const LONGEST_MS = 15_000;
/** The server answers, and says no: so often it is asked again. */
const TRIES = 8;

type Options = { signal: AbortSignal; onWait: (waiting: boolean) => void };

/** What `work` returns; it is done again for as long as it may go through later as it is. */
export async function persistently<Value>(
  work: () => Promise<Value>,
  { signal, onWait }: Options,
): Promise<Value> {
  for (let failures = 0; ; failures += 1) {
    try {
      const value = await work();
      if (failures > 0) onWait(false);
      return value;
    } catch (error) {
      signal.throwIfAborted();
      const problem = problemOf(error);
      if (!problem.passing || (!problem.offline && failures >= TRIES)) throw error;
      if (problem.offline) onWait(true);
      await pause(Math.min(FIRST_MS * 2 ** Math.min(failures, 10), LONGEST_MS), signal);
    }
  }
}

/** Ends after so long, when a network comes back, or with the signal's reason. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    function end() {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", abort);
    }
    function done() {
      end();
      resolve();
    }
    function abort() {
      end();
      reject(signal.reason);
    }
    const timer = setTimeout(done, ms);
    if (signal.aborted) return abort();
    window.addEventListener("online", done);
    signal.addEventListener("abort", abort);
  });
}
