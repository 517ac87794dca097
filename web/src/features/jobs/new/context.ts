/** What the parts of the page for a new job share. */
import { createContext, useContext } from "react";

export type SideFiles = {
  /** The workspace whose videos may be read; undefined until it is known. */
  workspace: string | undefined;
  /** Where files that are brought from this device go. */
  collection: string | undefined;
  sides: Record<string, string>;
  setSide: (name: string, videoId: string) => void;
};

export const SideFilesContext = createContext<SideFiles>({
  workspace: undefined,
  collection: undefined,
  sides: {},
  setSide: () => undefined,
});

export function useSideFiles(): SideFiles {
  return useContext(SideFilesContext);
}
