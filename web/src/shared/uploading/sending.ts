/** Sends the parts of an announced file to where the server says, a few at once. */
import { ApiProblem, fromHere, problemOf, type UploadView, uploadsShow, uploadsSign } from "@/shared/api";
import { persistently } from "./persistently";

const AT_ONCE = 4;
/** Addresses asked for at once. */
const SIGNED = 50;

type Options = {
  signal: AbortSignal;
  /** How many bytes are there or on their way. */
  onProgress: (sent: number) => void;
  onWait: (waiting: boolean) => void;
};

export async function sendParts(uploadId: string, file: Blob, options: Options): Promise<void> {
  const { signal, onProgress, onWait } = options;
  const { data: upload } = await persistently(
    () => uploadsShow({ path: { upload_id: uploadId }, throwOnError: true, signal }),
    options,
  );
  const urls = new Map(upload.parts.map(({ number, url }) => [number, fromHere(url)]));
  const left = [...upload.missing];
  const going = new Map<number, number>();
  let arrived = (upload.received ?? []).reduce((sum, { bytes }) => sum + bytes, 0);
  const tell = () => onProgress(arrived + [...going.values()].reduce((sum, one) => sum + one, 0));
  tell();

  async function addressOf(number: number): Promise<string> {
    const known = urls.get(number);
    if (known !== undefined) return known;
    const parts = [number, ...left.filter((one) => !urls.has(one)).slice(0, SIGNED - 1)];
    const { data } = await uploadsSign({
      path: { upload_id: uploadId },
      body: { parts },
      throwOnError: true,
      signal,
    });
    for (const one of data.parts) urls.set(one.number, fromHere(one.url));
    return urls.get(number) ?? "";
  }

  async function send(number: number): Promise<void> {
    const { start, stop } = rangeOf(number, upload);
    const part = file.slice(start, stop);
    await persistently(
      async () => {
        const address = await addressOf(number);
        try {
          await put(address, part, signal, (sent) => {
            onWait(false);
            going.set(number, sent);
            tell();
          });
        } catch (error) {
          going.delete(number);
          // It may have expired.
          urls.delete(number);
          throw signal.aborted ? error : unanswered(error, address);
        }
      },
      { signal, onWait },
    );
    going.delete(number);
    arrived += stop - start;
    tell();
  }

  async function sender(): Promise<void> {
    for (let number = left.shift(); number !== undefined; number = left.shift()) await send(number);
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sender));
}

/** Where a part lies in its file; parts are counted from 1. */
export function rangeOf(
  number: number,
  { part_size, size }: Pick<UploadView, "part_size" | "size">,
): { start: number; stop: number } {
  const start = (number - 1) * part_size;
  return { start, stop: Math.min(start + part_size, size) };
}

/** `fetch` cannot say how much of a body has gone. */
function put(url: string, part: Blob, signal: AbortSignal, onSent: (sent: number) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open("PUT", url);
    request.upload.onprogress = ({ loaded }) => onSent(loaded);
    request.onload = () => {
      if (request.status < 300) resolve();
      else reject(refused(request));
    };
    request.onerror = () => reject(new TypeError("no answer"));
    request.onabort = () => reject(signal.reason);
    request.onloadend = () => signal.removeEventListener("abort", abort);
    signal.addEventListener("abort", abort);
    // A type of its own would not be what was signed.
    request.send(part.slice(0, part.size, ""));
  });
}

/** Why there is no answer from elsewhere though there is a network: a store that lets no page of ours in gives none. */
function unanswered(error: unknown, address: string): unknown {
  const { origin } = new URL(address);
  if (!problemOf(error).offline || origin === window.location.origin || !navigator.onLine) return error;
  return new ApiProblem(
    {
      code: "store_unreachable",
      detail: `The store at ${origin} gives this page no answer.`,
      hint: `It may not let pages of this site in; \`framemill storage origins ${window.location.origin}\` lets them.`,
    },
    503,
  );
}

function refused({ status, responseText }: XMLHttpRequest): ApiProblem {
  // Asked for anew, an expired address works.
  const again = status === 401 || status === 403 ? 503 : status;
  try {
    return problemOf(JSON.parse(responseText), again);
  } catch {
    return new ApiProblem({ code: "part_refused", detail: `A part was refused (${status}).` }, again);
  }
}
