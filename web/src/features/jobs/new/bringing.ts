/** Brings a file of this device to the server: announced, sent, completed. */
import { ApiProblem, uploadsAbort, uploadsComplete, uploadsCreateAnywhere, uploadsShow } from "@/shared/api";
import { sendParts } from "@/shared/uploading/sending";
import type { InputKind } from "../form/schema";

export type Destination = {
  workspace: string | undefined;
  collection: string | undefined;
  kind: InputKind;
  /** What is made of it; undefined: what its workspace says. */
  pipeline?: "none";
};

type Options = { signal: AbortSignal; onProgress: (sent: number) => void };

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
    await sendParts(upload.id, file, { ...options, onWait: () => {} });
    return await completed(upload.id, signal);
  } catch (error) {
    // What lies there half is of use to nobody; it would go by itself, later.
    await uploadsAbort({ path: { upload_id: upload.id } });
    throw error;
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
