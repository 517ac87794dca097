/** The player's keys. */

import { useEffect, useEffectEvent } from "react";
import { useShortcut } from "@/shared/keyboard";
import { seekTo, stepFrames, toggle } from "./usePlayback";

type Doing = { film: HTMLVideoElement | null; rate: number; fullScreen: () => void; captions: () => void };

const GROUP = "Player";

/** Where Space presses something of its own. */
const PRESSED =
  "button,a,input,textarea,select,summary,[contenteditable],[role=dialog],[role=menu],[role=listbox]";

export function usePlayerKeys({ film, rate, fullScreen, captions }: Doing): void {
  const jump = (seconds: number) => film !== null && seekTo(film, film.currentTime + seconds);
  const step = (count: number) => film !== null && stepFrames(film, count, rate);
  const key = (keys: string, does: string, run: () => void) =>
    // biome-ignore lint/correctness/useHookAtTopLevel: always the same calls in the same order
    useShortcut({ keys, does, group: GROUP }, run);
  key("k", "Play or pause, as Space", () => film !== null && toggle(film));
  key("j", "Back 10 s", () => jump(-10));
  key("l", "On 10 s", () => jump(10));
  key("ArrowLeft", "Back 5 s", () => jump(-5));
  key("ArrowRight", "On 5 s", () => jump(5));
  key(",", "Back one picture", () => step(-1));
  key(".", "On one picture", () => step(1));
  key("m", "Sound on or off", () => {
    if (film !== null) film.muted = !film.muted;
  });
  key("f", "Full screen", fullScreen);
  key("c", "Captions", captions);
  useTenths(film);
  useSpace(film);
}

function useTenths(film: HTMLVideoElement | null): void {
  for (const tenth of [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]) {
    // biome-ignore lint/correctness/useHookAtTopLevel: always ten
    useShortcut({ keys: String(tenth), does: `To ${tenth}0 %`, group: GROUP }, () => {
      if (film !== null) seekTo(film, (film.duration * tenth) / 10);
    });
  }
}

function useSpace(film: HTMLVideoElement | null): void {
  const pressed = useEffectEvent((event: KeyboardEvent) => {
    if (event.key !== " " || event.defaultPrevented || film === null) return;
    if (event.target instanceof Element && event.target.closest(PRESSED)) return;
    event.preventDefault();
    toggle(film);
  });
  useEffect(() => {
    const listen = (event: KeyboardEvent) => pressed(event);
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, []);
}
