/** Brings a film into its element: a stream where there is one, else a file, and what is known of it. */

import { useCallback, useEffect, useEffectEvent, useRef, useState } from "react";
import { type ApiProblem, type Form, problemOf } from "@/shared/api";
import { addressOf, FreshAddress, type Wanted } from "./address";
import type { Level, Stream, Track } from "./hls";

export type Source = Wanted & { durationS: number };

export type StreamState = {
  form: Form | null;
  levels: Level[];
  /** The one that is shown. */
  level: number;
  /** -1: as the network allows. */
  chosen: number;
  tracks: Track[];
  caption: number;
  problem: ApiProblem | null;
};

const NOTHING: StreamState = {
  form: null,
  levels: [],
  level: -1,
  chosen: -1,
  tracks: [],
  caption: -1,
  problem: null,
};

/** `onFailed`: it cannot be played so; another source may. */
export function useStream(film: HTMLVideoElement | null, source: Source, onFailed: () => boolean) {
  const [state, setState] = useState(NOTHING);
  const stream = useRef<Stream | undefined>(undefined);
  const { videoId, form, artifact, durationS } = source;
  const become = useCallback(
    (change: Partial<StreamState>) => setState((known) => ({ ...known, ...change })),
    [],
  );
  const failed = useEffectEvent((problem: ApiProblem) => {
    if (!onFailed()) become({ problem });
  });

  useEffect(() => {
    if (film === null) return;
    setState(NOTHING);
    const closing = new AbortController();
    const wanted = { videoId, form, artifact };
    const place = { time: film.currentTime, playing: !film.paused };
    const told = {
      levels: (levels: Level[]) => become({ levels }),
      level: (level: number) => become({ level }),
      tracks: (tracks: Track[]) => become({ tracks }),
      fatal: (reason: string) => failed(unplayable(reason)),
    };
    begin(film, wanted, durationS, told, closing.signal)
      .then((begun) => {
        if (begun === undefined) return;
        stream.current = begun.stream;
        become({ form: begun.form });
        goOn(film, place);
      })
      .catch((error: unknown) => {
        if (!closing.signal.aborted) failed(problemOf(error));
      });
    const onError = () => {
      if (film.error !== null && stream.current === undefined) failed(unplayable(film.error.message));
    };
    film.addEventListener("error", onError);
    return () => {
      closing.abort();
      film.removeEventListener("error", onError);
      stream.current?.close();
      stream.current = undefined;
    };
  }, [film, videoId, form, artifact, durationS, become]);

  return {
    ...state,
    choose: (level: number) => {
      stream.current?.choose(level);
      become({ chosen: level });
    },
    show: (track: number) => {
      stream.current?.caption(track);
      become({ caption: track });
    },
  };
}

type Told = Parameters<typeof import("./hls").open>[3];

async function begin(
  film: HTMLVideoElement,
  wanted: Wanted,
  durationS: number,
  told: Told,
  signal: AbortSignal,
): Promise<{ form: Form; stream: Stream | undefined } | undefined> {
  const address = await addressOf(wanted, durationS);
  const player = address.form === "hls" ? await import("./hls") : undefined;
  if (signal.aborted) return;
  if (player?.playable()) {
    const fresh = new FreshAddress(address, wanted);
    signal.addEventListener("abort", () => fresh.stop());
    return { form: "hls", stream: player.open(film, address.url, fresh, told) };
  }
  // A file, or Safari's own HLS: a new token means a new source, so it waits until nothing plays.
  const fresh = new FreshAddress(address, wanted, (url) =>
    whenStill(film, signal, () => exchange(film, url)),
  );
  signal.addEventListener("abort", () => fresh.stop());
  film.src = address.url;
  return { form: address.form, stream: undefined };
}

function goOn(film: HTMLVideoElement, { time, playing }: { time: number; playing: boolean }): void {
  if (time > 0) film.currentTime = time;
  if (playing) film.play().catch(() => undefined);
}

function exchange(film: HTMLVideoElement, url: string): void {
  const { currentTime } = film;
  film.src = url;
  film.currentTime = currentTime;
}

function whenStill(film: HTMLVideoElement, signal: AbortSignal, act: () => void): void {
  if (film.paused) act();
  else film.addEventListener("pause", act, { once: true, signal });
}

function unplayable(reason: string): ApiProblem {
  return problemOf(
    {
      code: "cannot_be_played",
      detail: "This browser cannot play it.",
      hint: `Make a stream with the pipeline publish, or download it. (${reason})`,
    },
    415,
  );
}
