/** The files in what was dropped, with handles where the browser has them, and all within folders. */
import type { Handle } from "./begun";
import type { Chosen } from "./useUploads";

type Item = DataTransferItem & { getAsFileSystemHandle?: () => Promise<FileSystemHandle | null> };

export async function chosenFrom(data: DataTransfer): Promise<Chosen[]> {
  // All are asked before the first answer: the list is empty after the event.
  const asked = [...data.items]
    .filter(({ kind }) => kind === "file")
    .map((item: Item) => ({
      handle: item.getAsFileSystemHandle?.() ?? Promise.resolve(null),
      entry: item.webkitGetAsEntry(),
      file: item.getAsFile(),
    }));
  const found = await Promise.all(
    asked.map(async ({ handle, entry, file }): Promise<Chosen[]> => {
      if (entry?.isDirectory) return within(entry as FileSystemDirectoryEntry);
      const known = await handle.catch(() => null);
      if (file === null) return [];
      return [{ file, handle: known?.kind === "file" ? (known as Handle) : undefined }];
    }),
  );
  return found.flat();
}

async function within(folder: FileSystemDirectoryEntry): Promise<Chosen[]> {
  const reader = folder.createReader();
  const found: Chosen[] = [];
  while (true) {
    // It gives some at a time, and none at the end.
    const entries = await new Promise<FileSystemEntry[]>((resolve) =>
      reader.readEntries(resolve, () => resolve([])),
    );
    if (entries.length === 0) return found;
    for (const entry of entries) {
      if (entry.isDirectory) found.push(...(await within(entry as FileSystemDirectoryEntry)));
      else if (!entry.name.startsWith(".")) found.push({ file: await fileOf(entry as FileSystemFileEntry) });
    }
  }
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}
