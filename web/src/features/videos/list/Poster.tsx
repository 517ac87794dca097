import { IconMovie } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { type PointerEvent, useMemo, useState } from "react";
import type { PicturesView } from "@/shared/api";
import { type Cue, cuesOf } from "./cues";
import classes from "./list.module.css";

type Props = { pictures: PicturesView | undefined };

/** A video's picture; where the pointer goes across it, the film goes by. */
export function Poster({ pictures }: Props) {
  const [at, setAt] = useState<number>();
  const poster = pictures?.stills[Math.floor((pictures.stills.length - 1) / 2)];

  function move(event: PointerEvent<HTMLDivElement>) {
    if (event.pointerType === "touch") return;
    const box = event.currentTarget.getBoundingClientRect();
    setAt(Math.min(Math.max((event.clientX - box.left) / box.width, 0), 0.999));
  }

  return (
    <div className={classes.poster} onPointerMove={move} onPointerLeave={() => setAt(undefined)}>
      {poster === undefined ? (
        <IconMovie size={32} aria-hidden className={classes.none} />
      ) : (
        <img src={poster} alt="" loading="lazy" decoding="async" draggable={false} />
      )}
      {pictures !== undefined && at !== undefined && <Strip pictures={pictures} at={at} />}
    </div>
  );
}

/** The picture at `at` (0 to 1) of the film: of the storyboard, else of the stills. */
function Strip({ pictures, at }: { pictures: PicturesView; at: number }) {
  const { storyboard, sheets, stills } = pictures;
  const index = useQuery({
    queryKey: ["storyboard", storyboard],
    queryFn: async ({ signal }) => {
      const answer = await fetch(storyboard ?? "", { signal });
      return answer.ok ? answer.text() : "";
    },
    enabled: storyboard !== null,
    staleTime: Number.POSITIVE_INFINITY,
    retry: false,
  });
  const cues = useMemo(
    () => cuesOf(index.data ?? "").filter(({ sheet }) => sheet in sheets),
    [index.data, sheets],
  );
  const cue = cues[Math.floor(at * cues.length)];
  return (
    <>
      {cue !== undefined ? (
        <Rectangle cue={cue} url={sheets[cue.sheet] ?? ""} />
      ) : (
        stills.length > 1 && <img src={stills[Math.floor(at * stills.length)]} alt="" draggable={false} />
      )}
      <span className={classes.place} style={{ inlineSize: `${at * 100}%` }} />
    </>
  );
}

function Rectangle({ cue, url }: { cue: Cue; url: string }) {
  return (
    <svg viewBox={`${cue.x} ${cue.y} ${cue.width} ${cue.height}`} aria-hidden className={classes.strip}>
      <image href={url} />
    </svg>
  );
}
