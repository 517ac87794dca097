/** Keys that do something on the page that is shown, and the list that the help sheet shows. */
import { useEffect, useEffectEvent, useSyncExternalStore } from "react";

export type Shortcut = {
  /** As `KeyboardEvent.key`: `j`, `ArrowLeft`, `?`; two in a row as `g v`. */
  keys: string;
  /** For the help sheet. */
  does: string;
  /** A heading of the help sheet. */
  group: string;
};

type Held = Shortcut & { run: (event: KeyboardEvent) => void };

const FOLLOWS_MS = 1000;
let held: readonly Held[] = [];
let first = { key: "", at: 0 };
const watchers = new Set<() => void>();

function become(next: readonly Held[]): void {
  held = next;
  for (const watcher of watchers) watcher();
}

/** True where letters are written. */
function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches("input:not([type=checkbox],[type=radio],[type=range]),textarea,select"))
  );
}

/** True where arrows choose or move something of their own. */
function isStepped(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest("input,[role=slider],[role=tab],[role=radio]") !== null;
}

function onKey(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target))
    return;
  // A dialog's keys are its own.
  if (event.target instanceof Element && event.target.closest("[role=dialog],[role=menu],[role=listbox]"))
    return;
  if (event.key.startsWith("Arrow") && isStepped(event.target)) return;
  const both = performance.now() - first.at < FOLLOWS_MS ? `${first.key} ${event.key}` : "";
  first = { key: event.key, at: performance.now() };
  // The newest first: a page's own key goes before the shell's.
  const found = held.findLast(({ keys }) => keys === both) ?? held.findLast(({ keys }) => keys === event.key);
  if (found === undefined) return;
  event.preventDefault();
  found.run(event);
}

/** While the component is shown, these keys call `run`. */
export function useShortcut(shortcut: Shortcut, run: (event: KeyboardEvent) => void): void {
  const { keys, does, group } = shortcut;
  const ran = useEffectEvent(run);
  useEffect(() => {
    const own: Held = { keys, does, group, run: (event) => ran(event) };
    if (held.length === 0) window.addEventListener("keydown", onKey);
    become([...held, own]);
    return () => {
      become(held.filter((one) => one !== own));
      if (held.length === 0) window.removeEventListener("keydown", onKey);
    };
  }, [keys, does, group]);
}

/** All keys that do something now. */
export function useShortcuts(): readonly Shortcut[] {
  return useSyncExternalStore(
    (changed) => {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
    () => held,
  );
}
