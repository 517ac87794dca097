/** What was begun, kept in this browser so that it goes on after a reload (IndexedDB). */
import type { Place } from "../search";

/** What not every browser has. */
export type Handle = FileSystemFileHandle & {
  queryPermission?: (wish: { mode: "read" }) => Promise<PermissionState>;
  requestPermission?: (wish: { mode: "read" }) => Promise<PermissionState>;
};

export type Begun = {
  id: string;
  user: string;
  name: string;
  size: number;
  modified: number;
  place: Place;
  recordedAt?: string;
  notes?: string;
  sha256?: string;
  /** Once the server knows of it. */
  uploadId?: string;
  videoId?: string;
  /** Where the browser can open the file again by itself. */
  handle?: Handle;
};

const NAME = "framemill-uploads";
const STORE = "begun";
let opened: Promise<IDBDatabase> | undefined;

function database(): Promise<IDBDatabase> {
  opened ??= new Promise((resolve, reject) => {
    const request = indexedDB.open(NAME, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: "id" });
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

async function within<Value>(
  mode: IDBTransactionMode,
  work: (store: IDBObjectStore) => IDBRequest<Value>,
): Promise<Value | undefined> {
  try {
    const store = (await database()).transaction(STORE, mode).objectStore(STORE);
    return await new Promise((resolve, reject) => {
      const request = work(store);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  } catch {
    // A browser that keeps nothing, such as in a private window, uploads all the same.
    return undefined;
  }
}

export const begun = {
  keep: (one: Begun) => within("readwrite", (store) => store.put(one)),
  forget: (id: string) => within("readwrite", (store) => store.delete(id)),
  async of(user: string): Promise<Begun[]> {
    const all = (await within("readonly", (store) => store.getAll() as IDBRequest<Begun[]>)) ?? [];
    return all.filter((one) => one.user === user);
  },
};

/** Whether this is the file that was begun, as far as can be told without reading it. */
export function isSame(file: { name: string; size: number }, one: Pick<Begun, "name" | "size">): boolean {
  return file.name === one.name && file.size === one.size;
}
