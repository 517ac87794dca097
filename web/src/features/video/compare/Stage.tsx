import { useEffect, useState } from "react";
import { toast } from "@/shared/ui";
import { addressOf } from "../player/address";
import classes from "./Compare.module.css";
import { useSync } from "./useSync";

/** A file of the video; without an id the original. */
export type Side = { id: string | undefined; label: string };

type Props = {
  videoId: string;
  durationS: number;
  ratio: number;
  a: Side;
  b: Side;
  onFilm: (film: HTMLVideoElement | null) => void;
};

/** Two files of a video one over the other, and a line between them that can be moved. */
export function Stage({ videoId, durationS, ratio, a, b, onFilm }: Props) {
  const [share, setShare] = useState(50);
  const [left, setLeft] = useState<HTMLVideoElement | null>(null);
  const [right, setRight] = useState<HTMLVideoElement | null>(null);
  useFile(left, videoId, a.id, durationS);
  useFile(right, videoId, b.id, durationS);
  useSync(left, right);
  useEffect(() => onFilm(left), [left, onFilm]);
  return (
    <div className={classes.stage} style={{ aspectRatio: String(ratio) }}>
      {/* biome-ignore lint/a11y/useMediaCaption: pictures are compared */}
      <video ref={setLeft} className={classes.film} playsInline preload="auto" />
      <video
        ref={setRight}
        className={classes.film}
        style={{ clipPath: `inset(0 0 0 ${share}%)` }}
        muted
        playsInline
        preload="auto"
      />
      <input
        className={classes.slider}
        type="range"
        min={0}
        max={100}
        step={0.5}
        value={share}
        aria-label="Line between the two"
        onChange={(event) => setShare(event.currentTarget.valueAsNumber)}
      />
      <div className={classes.divider} style={{ left: `${share}%` }} />
      <span className={classes.name} style={{ left: 8 }}>
        {a.label}
      </span>
      <span className={classes.name} style={{ right: 8 }}>
        {b.label}
      </span>
    </div>
  );
}

function useFile(
  film: HTMLVideoElement | null,
  videoId: string,
  artifact: string | undefined,
  durationS: number,
): void {
  useEffect(() => {
    if (film === null) return;
    let wanted = true;
    addressOf({ videoId, artifact, form: artifact === undefined ? "original" : "file" }, durationS)
      .then(({ url }) => {
        if (!wanted) return;
        const time = film.currentTime;
        film.src = url;
        film.currentTime = time;
      })
      .catch(toast.problem);
    return () => {
      wanted = false;
    };
  }, [film, videoId, artifact, durationS]);
}
