/** Whether there is a network, as far as it matters here: a server on the same machine needs none. */
import { onlineManager } from "@tanstack/react-query";
import { live } from "./index";

/** From now on requests wait while the browser has no network and the server is not heard either. */
export function heedNetwork(): void {
  onlineManager.setEventListener((become) => {
    function look() {
      if (navigator.onLine || live.status === "live" || live.status === "off") become(true);
      else if (live.status === "waiting") become(false);
    }
    const unwatch = live.watch(look);
    window.addEventListener("online", look);
    return () => {
      unwatch();
      window.removeEventListener("online", look);
    };
  });
}

/** Resolves when there is a network. Code that could not be fetched is not asked for again, so it waits for this. */
export function network(): Promise<void> {
  if (onlineManager.isOnline()) return Promise.resolve();
  return new Promise((resolve) => {
    const end = onlineManager.subscribe((online) => {
      if (!online) return;
      end();
      resolve();
    });
  });
}
