/** Brings a file of this device to the server: announced, sent part by part, completed. */
import {
  ApiProblem,
  fromHere,
  type UploadView,
  uploadsAbort,
  uploadsComplete,
  uploadsCreateAnywhere,
  uploadsShow,
  uploadsSign,
} from "@/shared/api";
import type { InputKind } from "../form/schema";

export type Destination = {
  workspace: string | undefined;
  collection: string | undefined;
  kind: InputKind;
  /** What is made of it; undefined: what its workspace says. */
  pipeline?: "none";
};

type Options = { signal: AbortSignal; onProgress: (sent: number) => void };

/** Addresses asked for at once. */
const SIGNED = 50;
const ASK_AGAIN_MS = 1000;

/** The id of the stored file: of the one that is there already, where the collection has the content. */
export async function brought(file: File, to: Destination, options: Options): Promise<string> {
  const { signal } = options;
  const { data: upload } = await uploadsCreateAnywhere({
    body: { ...to, filename: file.name, size: file.size },
    throwOnError: true,
    signal,
  });
  if (upload.id === null) return upload.video_id;
  try {
    await send(file, upload.id, upload, options);
    return await completed(upload.id, signal);
  } catch (error) {
    // What lies there half is of use to nobody; it would go by itself, later.
    await uploadsAbort({ path: { upload_id: upload.id } });
    throw error;
  }
}

async function send(file: File, id: string, upload: UploadView, { signal, onProgress }: Options) {
  const { part_count, part_size } = upload;
  const addresses = new Map(upload.parts.map(({ number, url }) => [number, url]));
  for (let number = 1; number <= part_count; number += 1) {
    if (!addresses.has(number)) {
      const parts = Array.from({ length: Math.min(SIGNED, part_count - number + 1) }, (_, at) => number + at);
      const { data } = await uploadsSign({
        path: { upload_id: id },
        body: { parts },
        throwOnError: true,
        signal,
      });
      for (const one of data.parts) addresses.set(one.number, one.url);
    }
    const end = Math.min(number * part_size, file.size);
    // A type of its own would not be what was signed.
    const body = file.slice((number - 1) * part_size, end, "");
    const { ok, status } = await fetch(fromHere(addresses.get(number) ?? ""), {
      method: "PUT",
      body,
      signal,
    });
    if (!ok)
      throw new ApiProblem({ code: "part_refused", detail: `A part was refused (${status}).` }, status);
    onProgress(end);
  }
}

async function completed(id: string, signal: AbortSignal): Promise<string> {
  const path = { upload_id: id };
  let { data: upload } = await uploadsComplete({ path, body: {}, throwOnError: true, signal });
  while (upload.state === "completing") {
    await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    ({ data: upload } = await uploadsShow({ path, throwOnError: true, signal }));
  }
  if (upload.error !== null) throw new ApiProblem({ ...upload.error, detail: upload.error.message }, 409);
  return upload.video_id;
}
