/** The page's uploads: hashing, announcing, sending and completing each file, whatever page is shown meanwhile. */
import {
  type ApiProblem,
  problemOf,
  type UploadView,
  uploadsAbort,
  uploadsComplete,
  uploadsCreateAnywhere,
  uploadsShow,
} from "@/shared/api";
import { pause, persistently } from "@/shared/uploading/persistently";
import { sendParts } from "@/shared/uploading/sending";
import { type Begun, begun } from "./begun";
import { sha256Of } from "./hashing";
import { Pace } from "./pace";

export type Phase =
  | { name: "waiting" }
  | { name: "hashing"; done: number }
  | { name: "uploading"; done: number; perSecond: number; offline: boolean }
  | { name: "completing" }
  | { name: "paused"; done: number }
  /** It was begun before a reload, and the browser cannot open it by itself. */
  | { name: "fileless" }
  | { name: "there"; videoId: string; jobId: string | null }
  | { name: "duplicate"; videoId: string }
  | { name: "failed"; problem: ApiProblem };

export type Upload = Begun & { phase: Phase };

const AT_ONCE = 2;
const COMPLETING_MS = 1000;
const TELL_MS = 100;

export class Uploads {
  #items: readonly Upload[] = [];
  #files = new Map<string, File>();
  #running = new Map<string, AbortController>();
  #watchers = new Set<() => void>();
  #ended: (videoId: string) => void;
  #taken = false;

  constructor(ended: (videoId: string) => void = () => undefined) {
    this.#ended = ended;
  }

  get items(): readonly Upload[] {
    return this.#items;
  }

  watch = (watcher: () => void): (() => void) => {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  };

  onEnded(ended: (videoId: string) => void): void {
    this.#ended = ended;
  }

  add(file: File, about: Pick<Begun, "user" | "place" | "recordedAt" | "notes" | "handle">): void {
    const one: Begun = {
      id: crypto.randomUUID(),
      name: file.name,
      size: file.size,
      modified: file.lastModified,
      ...about,
    };
    this.#files.set(one.id, file);
    this.#become([{ ...one, phase: { name: "waiting" } }, ...this.#items]);
    void begun.keep(one);
    this.#next();
  }

  /** Take up what this user began before the page was loaded. */
  async takeUp(user: string): Promise<void> {
    if (this.#taken) return;
    this.#taken = true;
    const known = await begun.of(user);
    const items = known.map((one): Upload => ({ ...one, phase: { name: "fileless" } }));
    this.#become([...this.#items, ...items.filter(({ id }) => !this.#find(id))]);
    for (const { id, handle } of known) {
      if ((await handle?.queryPermission?.({ mode: "read" })) === "granted") await this.reopen(id);
    }
  }

  /** Open the file by what the browser kept of it; false where it may not. */
  async reopen(id: string): Promise<boolean> {
    const handle = this.#find(id)?.handle;
    try {
      if (handle === undefined) return false;
      if ((await handle.requestPermission?.({ mode: "read" })) === "denied") return false;
      this.give(id, await handle.getFile());
      return true;
    } catch {
      return false;
    }
  }

  /** The file of what was begun, chosen again. */
  give(id: string, file: File): void {
    this.#files.set(id, file);
    // Changed since, it is another film: what was computed of it does not hold.
    const changed = this.#find(id)?.modified !== file.lastModified;
    this.#change(id, { phase: { name: "waiting" }, ...(changed && { sha256: undefined }) });
    this.#next();
  }

  pause(id: string): void {
    const phase = this.#find(id)?.phase;
    const done = phase?.name === "uploading" ? phase.done : 0;
    this.#change(id, { phase: { name: "paused", done } });
    this.#running.get(id)?.abort(new DOMException("paused", "AbortError"));
  }

  resume(id: string): void {
    this.#change(id, { phase: this.#files.has(id) ? { name: "waiting" } : { name: "fileless" } });
    this.#next();
  }

  /** Give it up, on the server too. */
  async cancel(id: string): Promise<void> {
    const uploadId = this.#find(id)?.uploadId;
    this.dismiss(id);
    if (uploadId !== undefined) await uploadsAbort({ path: { upload_id: uploadId } });
  }

  /** Show it no more. */
  dismiss(id: string): void {
    this.#become(this.#items.filter((one) => one.id !== id));
    this.#running.get(id)?.abort(new DOMException("cancelled", "AbortError"));
    this.#files.delete(id);
    void begun.forget(id);
  }

  #next(): void {
    // The oldest first.
    const waiting = this.#items.findLast(
      ({ id, phase }) => phase.name === "waiting" && !this.#running.has(id),
    );
    if (waiting === undefined || this.#running.size >= AT_ONCE) return;
    void this.#run(waiting.id);
    this.#next();
  }

  async #run(id: string): Promise<void> {
    const stop = new AbortController();
    this.#running.set(id, stop);
    try {
      await this.#work(id, stop.signal);
    } catch (error) {
      if (!stop.signal.aborted) this.#change(id, { phase: { name: "failed", problem: problemOf(error) } });
    } finally {
      this.#running.delete(id);
      this.#next();
    }
  }

  async #work(id: string, signal: AbortSignal): Promise<void> {
    const file = this.#files.get(id);
    if (file === undefined) return;
    const sha256 = this.#find(id)?.sha256 ?? (await this.#hash(id, file, signal));
    const uploadId = await this.#announced(id, sha256, signal);
    if (uploadId === undefined) return;
    await this.#send(id, uploadId, file, signal);
    this.#change(id, { phase: { name: "completing" } });
    this.#finish(id, await this.#complete(uploadId, sha256, signal));
  }

  async #hash(id: string, file: File, signal: AbortSignal): Promise<string> {
    this.#change(id, { phase: { name: "hashing", done: 0 } });
    const onProgress = (done: number) => this.#change(id, { phase: { name: "hashing", done } });
    const sha256 = await sha256Of(file, { signal, onProgress });
    this.#change(id, { sha256 });
    await this.#keep(id);
    return sha256;
  }

  /** The upload's id; none where there is nothing to send. */
  async #announced(id: string, sha256: string, signal: AbortSignal): Promise<string | undefined> {
    const one = this.#find(id);
    if (one === undefined) return undefined;
    const options = { signal, onWait: () => undefined };
    if (one.uploadId !== undefined) {
      const known = await this.#known(one.uploadId, signal);
      if (known?.state === "open" || known?.state === "completing") return one.uploadId;
      if (known?.state === "completed") {
        this.#finish(id, known);
        return undefined;
      }
    }
    const { data } = await persistently(
      () =>
        uploadsCreateAnywhere({
          body: {
            filename: one.name,
            size: one.size,
            sha256,
            ...(one.place.workspace !== undefined && { workspace: one.place.workspace }),
            ...(one.place.collection !== undefined && { collection: one.place.collection }),
            metadata: { recorded_at: one.recordedAt, notes: one.notes ?? "" },
          },
          // Asked for again after a break, it is the same upload; after that one has ended, another.
          headers: { "Idempotency-Key": one.uploadId === undefined ? id : `${id}-${one.uploadId}` },
          throwOnError: true,
          signal,
        }),
      options,
    );
    if (data.id === null) {
      this.#finish(id, data);
      return undefined;
    }
    this.#change(id, { uploadId: data.id, videoId: data.video_id });
    await this.#keep(id);
    return data.id;
  }

  async #known(uploadId: string, signal: AbortSignal): Promise<UploadView | undefined> {
    try {
      const { data } = await persistently(
        () => uploadsShow({ path: { upload_id: uploadId }, throwOnError: true, signal }),
        { signal, onWait: () => undefined },
      );
      return data;
    } catch (error) {
      if (problemOf(error).status === 404) return undefined;
      throw error;
    }
  }

  async #send(id: string, uploadId: string, file: File, signal: AbortSignal): Promise<void> {
    const pace = new Pace();
    let state = { done: 0, perSecond: 0, offline: false };
    let told = 0;
    const tell = (change: Partial<typeof state>) => {
      const urgent = change.offline !== undefined && change.offline !== state.offline;
      state = { ...state, ...change };
      if (signal.aborted || (!urgent && performance.now() - told < TELL_MS)) return;
      told = performance.now();
      this.#change(id, { phase: { name: "uploading", ...state } });
    };
    tell({});
    await sendParts(uploadId, file, {
      signal,
      onProgress: (done) => tell({ done, perSecond: pace.mark(done) }),
      onWait: (offline) => tell({ offline }),
    });
  }

  async #complete(uploadId: string, sha256: string, signal: AbortSignal): Promise<UploadView> {
    while (true) {
      const { data } = await persistently(
        () =>
          uploadsComplete({ path: { upload_id: uploadId }, body: { sha256 }, throwOnError: true, signal }),
        { signal, onWait: () => undefined },
      );
      if (data.state !== "completing") return data;
      await pause(COMPLETING_MS, signal);
    }
  }

  #finish(id: string, { video_id: videoId, duplicate, job_id: jobId }: UploadView): void {
    const phase: Phase = duplicate ? { name: "duplicate", videoId } : { name: "there", videoId, jobId };
    this.#change(id, { videoId, phase });
    this.#files.delete(id);
    void begun.forget(id);
    this.#ended(videoId);
  }

  async #keep(id: string): Promise<void> {
    const one = this.#find(id);
    if (one === undefined) return;
    const { phase: _, ...rest } = one;
    await begun.keep(rest);
  }

  #find(id: string): Upload | undefined {
    return this.#items.find((one) => one.id === id);
  }

  #change(id: string, change: Partial<Upload>): void {
    this.#become(this.#items.map((one) => (one.id === id ? { ...one, ...change } : one)));
  }

  #become(items: readonly Upload[]): void {
    this.#items = items;
    for (const watcher of this.#watchers) watcher();
  }
}

/** All that this page uploads. */
export const uploads = new Uploads();
